#include "app/cli/output.h"

#include "core/api/error_text.h"

#include <QJsonDocument>

#include <cstdio>

namespace tarn::cli {

namespace {

void writeTo(std::FILE* stream, std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stream);
    std::fputc('\n', stream);
}

}  // namespace

void printResult(std::string_view line) {
    writeTo(stdout, line);
}

void printResult(const QJsonObject& object) {
    const auto json = QJsonDocument(object).toJson(QJsonDocument::Compact);
    writeTo(stdout, {json.constData(), static_cast<std::size_t>(json.size())});
}

bool flushResults() {
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

void printNote(const QString& text) {
    const auto line = text.toUtf8();
    writeTo(stderr, {line.constData(), static_cast<std::size_t>(line.size())});
}

Exit fail(const Globals& globals, const Error& error, const QString& subject) {
    const auto text = api::errorText(nameOf(error.code));
    const auto detail = printable(error.detail);
    if (globals.json) {
        QJsonObject object{{QStringLiteral("error"), nameOf(error.code)},
                           {QStringLiteral("what"), text.what},
                           {QStringLiteral("kept"), text.kept},
                           {QStringLiteral("advice"), text.advice},
                           {QStringLiteral("detail"), detail}};
        if (!subject.isEmpty()) {
            object.insert(QStringLiteral("subject"), subject);
        }
        const auto json = QJsonDocument(object).toJson(QJsonDocument::Compact);
        writeTo(stderr, {json.constData(), static_cast<std::size_t>(json.size())});
        return Exit::Failed;
    }
    auto first = QStringLiteral("tarn: ");
    if (!subject.isEmpty()) {
        first += printable(subject) + QStringLiteral(": ");
    }
    printNote(first + text.what);
    for (const auto& line : {detail.isEmpty() ? detail : QStringLiteral("(%1)").arg(detail), text.kept, text.advice}) {
        if (!line.isEmpty()) {
            printNote(QStringLiteral("  ") + line);
        }
    }
    return Exit::Failed;
}

Exit wrongUsage(const QString& why) {
    printNote(QStringLiteral("tarn: ") + printable(why));
    printNote(QStringLiteral("  Nothing was done. \"tarn --help\" and \"tarn VERB --help\" say how it is used."));
    return Exit::WrongUsage;
}

QString printable(const QString& text) {
    auto clean = text;
    for (auto& character : clean) {
        if (character.category() == QChar::Other_Control || character.category() == QChar::Other_Format) {
            character = QChar::ReplacementCharacter;
        }
    }
    return clean;
}

QString printable(const std::string& text) {
    return printable(QString::fromStdString(text));
}

QString nameOf(ErrorCode code) {
    const auto name = errorName(code);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

}  // namespace tarn::cli
