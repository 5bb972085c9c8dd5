#pragma once

#include "app/cli/verbs.h"
#include "core/formats/encoding.h"
#include "core/foundation/result.h"

#include <QCommandLineParser>
#include <QString>

#include <cstdint>
#include <optional>
#include <string>

namespace tarn::cli {

/// The options of one verb. Knows those that every verb takes (--profile, --json, --help) by itself.
class VerbParser {
public:
    VerbParser(const QString& verb, const QString& description);

    void addPositional(const QString& name, const QString& description, const QString& syntax = {});
    void addFlag(const QString& name, const QString& description);
    void addValue(const QString& name, const QString& description, const QString& valueName);
    /// --required, --happy, --total, --segment-size.
    void addEncoding();

    /// Reads the arguments; `globals` takes what concerns it. An exit code where the verb shall not go on: after
    /// --help, or where the arguments are wrong (which is said on stderr).
    [[nodiscard]] std::optional<Exit> parse(const QStringList& arguments, Globals& globals);

    [[nodiscard]] bool has(const QString& name) const { return m_parser.isSet(name); }
    [[nodiscard]] QString value(const QString& name) const { return m_parser.value(name); }
    [[nodiscard]] QStringList values(const QString& name) const { return m_parser.values(name); }
    [[nodiscard]] QStringList positional() const { return m_parser.positionalArguments(); }

    /// `base` with what the options say in its place. A `happy` that was not given follows a smaller `total`.
    /// Fails: InvalidArgument.
    [[nodiscard]] Result<formats::EncodingParameters> encoding(formats::EncodingParameters base) const;
    [[nodiscard]] bool hasEncoding() const;

private:
    QString m_verb;
    QCommandLineParser m_parser;
};

/// Digits alone, up to 2^64 - 1.
[[nodiscard]] std::optional<std::uint64_t> parseNumber(const QString& text);
/// A number of bytes: digits, and perhaps one of K, M, G, T (1024, 1024^2, …).
[[nodiscard]] std::optional<std::uint64_t> parseSize(const QString& text);

struct HostAndPort {
    QString host;  ///< without the brackets of an IPv6 address
    std::uint16_t port = 0;
};
/// `HOST:PORT`; an IPv6 address stands in brackets: `[::1]:0`.
[[nodiscard]] std::optional<HostAndPort> parseHostAndPort(const QString& text);

/// A secret argument as it is given: itself, `-` for stdin, `@FILE` for a file's content. White space around it goes.
/// Fails: FileNotFound, FileUnreadable.
[[nodiscard]] Result<std::string> readSecretArgument(const QString& argument);

/// The path that a person typed.
[[nodiscard]] std::filesystem::path pathOf(const QString& text);

}  // namespace tarn::cli
