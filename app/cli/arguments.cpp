#include "app/cli/arguments.h"

#include "app/cli/output.h"
#include "core/engine/private_file.h"

#include <QCommandLineOption>
#include <QFile>

#include <array>
#include <cerrno>
#include <limits>

#include <unistd.h>

namespace tarn::cli {

namespace {

constexpr std::size_t mostSecretArgument = 64 * 1024;

Result<std::string> readStdin(std::size_t most) {
    std::string text;
    std::array<char, 4096> piece;
    for (;;) {
        const auto count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return failure(ErrorCode::FileUnreadable, "standard input");
        }
        if (count == 0) {
            return text;
        }
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > most) {
            return failure(ErrorCode::FileUnreadable, "standard input: too long");
        }
    }
}

}  // namespace

VerbParser::VerbParser(const QString& verb, const QString& description) : m_verb(verb) {
    m_parser.setApplicationDescription(description);
    m_parser.addOption({QStringLiteral("profile"), QStringLiteral("The profile's folder."), QStringLiteral("DIR")});
    m_parser.addOption({QStringLiteral("json"), QStringLiteral("Results as JSON, one object a line.")});
    m_parser.addOption({{QStringLiteral("h"), QStringLiteral("help")}, QStringLiteral("Shows this.")});
    m_parser.addPositionalArgument(verb, QString(), verb);
}

void VerbParser::addPositional(const QString& name, const QString& description, const QString& syntax) {
    m_parser.addPositionalArgument(name, description, syntax);
}

void VerbParser::addFlag(const QString& name, const QString& description) {
    m_parser.addOption({name, description});
}

void VerbParser::addValue(const QString& name, const QString& description, const QString& valueName) {
    m_parser.addOption({name, description, valueName});
}

void VerbParser::addEncoding() {
    addValue(QStringLiteral("required"), QStringLiteral("Pieces that rebuild a file."), QStringLiteral("K"));
    addValue(QStringLiteral("happy"), QStringLiteral("Servers that must hold pieces of their own."),
             QStringLiteral("H"));
    addValue(QStringLiteral("total"), QStringLiteral("Pieces made of a file."), QStringLiteral("N"));
    addValue(QStringLiteral("segment-size"), QStringLiteral("The most of a file that is encoded at a time."),
             QStringLiteral("BYTES"));
}

std::optional<Exit> VerbParser::parse(const QStringList& arguments, Globals& globals) {
    // The parser wants the program's name first, and passes over it.
    if (!m_parser.parse(QStringList{QStringLiteral("tarn")} + arguments)) {
        return wrongUsage(m_verb + QStringLiteral(": ") + m_parser.errorText());
    }
    if (m_parser.isSet(QStringLiteral("help"))) {
        printResult(m_parser.helpText().trimmed().toStdString());
        return Exit::Done;
    }
    globals.json = globals.json || m_parser.isSet(QStringLiteral("json"));
    if (m_parser.isSet(QStringLiteral("profile"))) {
        if (m_parser.value(QStringLiteral("profile")).isEmpty()) {
            return wrongUsage(QStringLiteral("--profile wants a folder"));
        }
        globals.profile = std::filesystem::absolute(pathOf(m_parser.value(QStringLiteral("profile"))));
    }
    return std::nullopt;
}

bool VerbParser::hasEncoding() const {
    for (const auto& name : {"required", "happy", "total", "segment-size"}) {
        if (m_parser.isSet(QLatin1String(name))) {
            return true;
        }
    }
    return false;
}

Result<formats::EncodingParameters> VerbParser::encoding(formats::EncodingParameters base) const {
    const auto take = [this](const char* name, unsigned& target) -> Result<void> {
        const auto option = QLatin1String(name);
        if (!m_parser.isSet(option)) {
            return {};
        }
        const auto number = parseNumber(m_parser.value(option));
        if (!number || *number < 1 || *number > 256) {
            return failure(ErrorCode::InvalidArgument, std::string("--") + name + " is a number from 1 to 256");
        }
        target = static_cast<unsigned>(*number);
        return {};
    };
    for (auto taken : {take("required", base.required), take("total", base.total), take("happy", base.happy)}) {
        if (!taken) {
            return failure(std::move(taken.error()));
        }
    }
    if (!m_parser.isSet(QStringLiteral("happy")) && base.happy > base.total) {
        base.happy = base.total;
    }
    if (m_parser.isSet(QStringLiteral("segment-size"))) {
        const auto size = parseSize(m_parser.value(QStringLiteral("segment-size")));
        if (!size || *size == 0) {
            return failure(ErrorCode::InvalidArgument, "--segment-size is a number of bytes, at least 1");
        }
        base.maximumSegmentSize = ByteCount(*size);
    }
    if (auto checked = base.check(); !checked) {
        return failure(std::move(checked.error()));
    }
    return base;
}

std::optional<std::uint64_t> parseNumber(const QString& text) {
    // QString::toULongLong would also take signs, white space and other scripts' digits.
    std::uint64_t number = 0;
    for (const QChar character : text) {
        const auto digit = static_cast<unsigned>(character.unicode()) - '0';
        if (digit > 9 || number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
            return std::nullopt;
        }
        number = number * 10 + digit;
    }
    return text.isEmpty() ? std::nullopt : std::optional(number);
}

std::optional<std::uint64_t> parseSize(const QString& text) {
    constexpr std::array suffixes{'K', 'M', 'G', 'T'};
    auto digits = text;
    unsigned shift = 0;
    for (unsigned i = 0; i < suffixes.size(); ++i) {
        if (text.endsWith(QLatin1Char(suffixes[i]), Qt::CaseInsensitive)) {
            shift = 10 * (i + 1);
            digits.chop(1);
            break;
        }
    }
    const auto number = parseNumber(digits);
    if (!number || *number > (std::numeric_limits<std::uint64_t>::max() >> shift)) {
        return std::nullopt;
    }
    return *number << shift;
}

std::optional<HostAndPort> parseHostAndPort(const QString& text) {
    const auto colon = text.lastIndexOf(QLatin1Char(':'));
    if (colon <= 0) {
        return std::nullopt;
    }
    auto host = text.left(colon);
    const auto port = parseNumber(text.mid(colon + 1));
    if (host.startsWith(QLatin1Char('[')) && host.endsWith(QLatin1Char(']'))) {
        host = host.mid(1, host.size() - 2);
    } else if (host.contains(QLatin1Char(':'))) {
        return std::nullopt;  // which colon is the port's could only be guessed
    }
    if (host.isEmpty() || !port || *port > std::numeric_limits<std::uint16_t>::max()) {
        return std::nullopt;
    }
    return HostAndPort{host, static_cast<std::uint16_t>(*port)};
}

Result<std::string> readSecretArgument(const QString& argument) {
    Result<std::string> text = argument.toStdString();
    if (argument == QLatin1String("-")) {
        text = readStdin(mostSecretArgument);
    } else if (argument.startsWith(QLatin1Char('@'))) {
        text = engine::readWholeFile(pathOf(argument.mid(1)), mostSecretArgument);
    }
    if (!text) {
        return text;
    }
    return QString::fromStdString(*text).trimmed().toStdString();
}

std::filesystem::path pathOf(const QString& text) {
    return QFile::encodeName(text).toStdString();
}

}  // namespace tarn::cli
