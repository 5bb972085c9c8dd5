#include "app/cli/arguments.h"
#include "app/cli/output.h"
#include "app/cli/verbs.h"
#include "core/caps/capability.h"
#include "core/foundation/base32.h"

#include <optional>
#include <type_traits>
#include <variant>

namespace tarn::cli {

namespace {

/// What a capability says of the file's shape, where its kind says anything.
struct Shape {
    std::optional<unsigned> required;
    std::optional<unsigned> total;
    std::optional<std::uint64_t> size;
};

template <typename Other>
Shape shapeOf(const Other&) {
    return {};
}
Shape shapeOf(const caps::Chk& chk) {
    return {chk.required, chk.total, chk.size.value()};
}
Shape shapeOf(const caps::ChkVerifier& verifier) {
    return {verifier.required, verifier.total, verifier.size.value()};
}
Shape shapeOf(const caps::Literal& literal) {
    return {std::nullopt, std::nullopt, literal.data.size()};
}
template <typename File>
Shape shapeOf(const caps::Directory<File>& directory) {
    return shapeOf(directory.file);
}

}  // namespace

Exit runCap(Globals globals, const QStringList& arguments) {
    VerbParser parser(QStringLiteral("cap"),
                      QStringLiteral("Says what a capability is, and what it can be weakened to."));
    parser.addPositional(QStringLiteral("CAP"),
                         QStringLiteral("The capability; - reads it from stdin, @FILE from a file."));
    if (const auto exit = parser.parse(arguments, globals)) {
        return *exit;
    }
    if (parser.positional().size() != 1) {
        return wrongUsage(QStringLiteral("cap wants one CAP"));
    }
    const auto text = readSecretArgument(parser.positional().first());
    if (!text) {
        return fail(globals, text.error());
    }
    const auto capability = caps::parse(*text);
    if (!capability) {
        return fail(globals, capability.error());
    }

    QJsonObject object;
    const auto line = [&](const char* name, const char* label, const QJsonValue& value) {
        object.insert(QLatin1String(name), value);
        if (!globals.json) {
            printResult(
                QStringLiteral("%1 %2").arg(QLatin1String(label), -14).arg(value.toVariant().toString()).toStdString());
        }
    };
    const auto kind = caps::kindName(*capability);
    line("kind", "kind:", QString::fromLatin1(kind.data(), static_cast<qsizetype>(kind.size())));
    const auto shape = std::visit([](const auto& one) { return shapeOf(one); }, *capability);
    if (shape.required) {
        line("required", "required:", static_cast<int>(*shape.required));
    }
    if (shape.total) {
        line("total", "total:", static_cast<int>(*shape.total));
    }
    if (shape.size) {
        line("size", "size:", static_cast<qint64>(*shape.size));
    }
    if (const auto index = caps::storageIndex(*capability)) {
        line("storageIndex", "storage index:", QString::fromStdString(toBase32(index->bytes())));
    }
    if (const auto readOnly = caps::readOnly(*capability)) {
        if (const auto weaker = caps::reveal(*readOnly); weaker != caps::reveal(*capability)) {
            line("readOnly", "read-only:", QString::fromStdString(weaker));
        }
    }
    if (const auto verifier = caps::verifier(*capability)) {
        if (const auto weaker = caps::reveal(*verifier); weaker != caps::reveal(*capability)) {
            line("verifier", "verifier:", QString::fromStdString(weaker));
        }
    }
    if (globals.json) {
        printResult(object);
    }
    return Exit::Done;
}

}  // namespace tarn::cli
