#include "core/foundation/log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

namespace tarn {

namespace {

constexpr std::size_t mostLine = 2000;
constexpr std::array<std::string_view, 4> names{"error", "warning", "info", "debug"};
constexpr std::array<std::string_view, 4> journalPrefixes{"<3>", "<4>", "<6>", "<7>"};

class NoLog final : public Log {
public:
    [[nodiscard]] bool wants(LogLevel /*level*/) const noexcept override { return false; }
    void write(LogLevel /*level*/, std::string_view /*text*/) override {}
};

std::string timeNow() {
    const std::time_t seconds = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ ", &parts);
    return {text.data(), length};
}

class DescriptorLog final : public Log {
public:
    DescriptorLog(int descriptor, LogLevel most, LogStyle style)
        : m_descriptor(descriptor), m_most(most), m_style(style) {}

    [[nodiscard]] bool wants(LogLevel level) const noexcept override { return level <= m_most; }

    void write(LogLevel level, std::string_view text) override {
        if (!wants(level)) {
            return;
        }
        std::string line;
        const auto number = static_cast<std::size_t>(level);
        if (m_style == LogStyle::Journal) {
            line += journalPrefixes[number];
        } else {
            line += timeNow();
            line += names[number];
            line += ": ";
        }
        const std::size_t begin = line.size();
        line += text.substr(0, mostLine);
        std::replace_if(
            line.begin() + static_cast<std::ptrdiff_t>(begin), line.end(),
            [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
        line += '\n';
        // One call a line, so that the lines of several threads do not mix.
        while (::write(m_descriptor, line.data(), line.size()) < 0 && errno == EINTR) {
        }
    }

private:
    const int m_descriptor;
    const LogLevel m_most;
    const LogStyle m_style;
};

}  // namespace

std::string_view logLevelName(LogLevel level) noexcept {
    return names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> logLevelOf(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(names, name);
    return found != names.end() ? std::optional(static_cast<LogLevel>(found - names.begin())) : std::nullopt;
}

std::shared_ptr<Log> makeNoLog() {
    return std::make_shared<NoLog>();
}

std::shared_ptr<Log> makeDescriptorLog(int descriptor, LogLevel most, LogStyle style) {
    return std::make_shared<DescriptorLog>(descriptor, most, style);
}

LogStyle logStyleOf(int descriptor, const char* journalStream) noexcept {
    struct stat file {};
    if (journalStream == nullptr || ::fstat(descriptor, &file) != 0) {
        return LogStyle::Plain;
    }
    const std::string_view text(journalStream);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return LogStyle::Plain;
    }
    unsigned long long device = 0;
    unsigned long long inode = 0;
    const auto read = [](std::string_view number, unsigned long long& into) {
        const char* const end = number.data() + number.size();
        const auto [stopped, error] = std::from_chars(number.data(), end, into);
        return error == std::errc() && stopped == end;
    };
    const bool ours = read(text.substr(0, colon), device) && read(text.substr(colon + 1), inode) &&
                      device == file.st_dev && inode == file.st_ino;
    return ours ? LogStyle::Journal : LogStyle::Plain;
}

}  // namespace tarn
