#pragma once

#include "app/cli/verbs.h"
#include "core/foundation/error.h"

#include <QJsonObject>
#include <QString>

#include <string>
#include <string_view>

namespace tarn::cli {

/// One line of result on stdout.
void printResult(std::string_view line);
void printResult(const QJsonObject& object);
/// Whether stdout took everything so far; flushes it. False on a full disk or a reader that went away.
[[nodiscard]] bool flushResults();

/// One line of anything else on stderr.
void printNote(const QString& text);

/// Says on stderr what failed, what is kept and what to do. `subject` (a file, a server) may be empty. Never a secret.
[[nodiscard]] Exit fail(const Globals& globals, const Error& error, const QString& subject = {});

/// Says on stderr how the program was asked wrongly.
[[nodiscard]] Exit wrongUsage(const QString& why);

/// Text from outside, without what would steer a terminal.
[[nodiscard]] QString printable(const QString& text);
[[nodiscard]] QString printable(const std::string& text);

/// The code's stable name.
[[nodiscard]] QString nameOf(ErrorCode code);

}  // namespace tarn::cli
