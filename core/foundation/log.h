#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tarn {

/// How much a line of the log matters. What is written at a level is written at those before it too.
enum class LogLevel : std::uint8_t {
    Error,    ///< something is lost or does not work
    Warning,  ///< something will not work for long, or somebody knocks at the wrong door
    Info,     ///< what a person would want to find later: started, stopped, renewed
    Debug     ///< every request
};

[[nodiscard]] std::string_view logLevelName(LogLevel level) noexcept;
[[nodiscard]] std::optional<LogLevel> logLevelOf(std::string_view name) noexcept;

/// Where a program says what it does while nobody watches. Injected, like the clock. Never given a secret: no
/// capability, swissnum, key, lease secret or NURL. Thread: any.
class Log {
public:
    virtual ~Log() = default;
    /// Whether a line of this level is kept: asked before one is put together at some cost.
    [[nodiscard]] virtual bool wants(LogLevel level) const noexcept = 0;
    /// One line, without its end. Whatever would end it or steer a terminal is replaced, and its length is bounded.
    virtual void write(LogLevel level, std::string_view text) = 0;
};

/// Keeps nothing.
[[nodiscard]] std::shared_ptr<Log> makeNoLog();

/// How a line begins.
enum class LogStyle : std::uint8_t {
    Plain,   ///< 2026-03-01T12:00:00Z warning: …
    Journal  ///< <4>…, for systemd's journal, which knows the time itself; see sd-daemon(3)
};

/// Writes lines up to `most` to a descriptor that stays the caller's, each by one call. A line that cannot be written
/// is lost.
[[nodiscard]] std::shared_ptr<Log> makeDescriptorLog(int descriptor, LogLevel most, LogStyle style);

/// Journal where the descriptor is the one that systemd named in `journalStream` (the value of $JOURNAL_STREAM, or
/// null), else Plain.
[[nodiscard]] LogStyle logStyleOf(int descriptor, const char* journalStream) noexcept;

}  // namespace tarn
