#include "core/formats/grid_yaml.h"

#include "core/formats/utf8.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>

namespace tarn::formats {
namespace {

constexpr unsigned mostDepth = 32;
/// Enough for the most servers a grid file may hold, with all that Tahoe-LAFS announces about each.
constexpr std::size_t mostValues = 250'000;

/// Thrown out of the parser, which has no other way to stop.
class Refused : public std::exception {
public:
    explicit Refused(const char* why) : m_why(why) {}
    [[nodiscard]] const char* what() const noexcept override { return m_why; }

private:
    const char* m_why;
};

/// Counts what a document holds and throws `Refused` past a limit.
class Limits final : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { count(anchor); }
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override { refuseAlias(); }
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, const std::string&) override {
        count(anchor);
    }
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        deeper(anchor);
    }
    void OnSequenceEnd() override { --m_depth; }
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        deeper(anchor);
    }
    void OnMapEnd() override { --m_depth; }

private:
    [[noreturn]] static void refuseAlias() { throw Refused("it uses YAML anchors or aliases"); }

    void count(YAML::anchor_t anchor) {
        if (anchor != 0) {
            refuseAlias();
        }
        if (++m_values > mostValues) {
            throw Refused("it holds too many values");
        }
    }
    void deeper(YAML::anchor_t anchor) {
        count(anchor);
        if (++m_depth > mostDepth) {
            throw Refused("it is nested too deeply");
        }
    }

    std::size_t m_values = 0;
    unsigned m_depth = 0;
};

/// yaml-cpp ends a document silently at a byte of 4 and guesses UTF-16 from zeros, so neither may reach it.
bool isPlainText(std::string_view text) {
    return std::ranges::none_of(
        text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f'; });
}

/// yaml-cpp reads a run of opening brackets to its end before it tells of the first, at some 230 bytes of memory each:
/// so the deepest run is measured first. Brackets within text count too, which no true grid has thousands of.
bool bracketsAreFew(std::string_view text) {
    constexpr std::size_t mostOpen = 1000;
    std::size_t open = 0;
    for (const char c : text) {
        if (c == '{' || c == '[') {
            if (++open > mostOpen) {
                return false;
            }
        } else if ((c == '}' || c == ']') && open > 0) {
            --open;
        }
    }
    return true;
}

}  // namespace

Result<YAML::Node> loadYaml(std::string_view text, std::size_t most) {
    const auto invalid = [](const std::string& why) {
        return failure(ErrorCode::InvalidGrid, "the grid file cannot be used: " + why);
    };
    if (text.size() > most) {
        return invalid("it is too long");
    }
    if (!isUtf8(text) || !isPlainText(text)) {
        return invalid("it is not plain UTF-8 text");
    }
    if (!bracketsAreFew(text)) {
        return invalid("it is nested too deeply");
    }
    try {
        const std::string copy(text);
        std::istringstream events(copy);
        YAML::Parser parser(events);
        Limits limits;
        parser.HandleNextDocument(limits);
        return YAML::Load(copy);
    } catch (const YAML::Exception& error) {
        return invalid("it is not YAML (line " + std::to_string(error.mark.line + 1) + ")");
    } catch (const Refused& refused) {
        return invalid(refused.what());
    }
}

}  // namespace tarn::formats
