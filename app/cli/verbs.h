#pragma once

#include <QString>
#include <QStringList>

#include <filesystem>

namespace tarn::cli {

/// How a run of the program ends. 1 means that the work failed, 2 that it was asked for wrongly.
enum class Exit : int { Done = 0, Failed = 1, WrongUsage = 2 };

/// What stands before the verb, or among its own options.
struct Globals {
    std::filesystem::path profile;  ///< absolute
    bool json = false;
};

// One verb each: takes the arguments after the verb, does the work, prints, and says how it ended.
[[nodiscard]] Exit runInit(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runPut(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runGet(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runCap(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runServe(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runQueue(Globals globals, const QStringList& arguments);
/// Asks a folder's server how it is; `tarn serve status`.
[[nodiscard]] Exit runServeStatus(Globals globals, const QStringList& arguments);
/// Holds back or lets go on what a folder's server removes; `tarn serve expiry`.
[[nodiscard]] Exit runServeExpiry(Globals globals, const QStringList& arguments);
[[nodiscard]] Exit runServers(Globals globals, const QStringList& arguments);

}  // namespace tarn::cli
