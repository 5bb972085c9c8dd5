#pragma once

#include "core/formats/gbs_messages.h"
#include "core/foundation/bytes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tarn::gbs {

/// One HTTP request, and what may be answered to it.
struct Request {
    enum class Verb : std::uint8_t { Get, Post, Put, Patch };

    Verb verb = Verb::Get;
    std::string path;                          ///< from the root, ASCII, needing no escapes
    std::vector<std::string> secrets;          ///< values for `X-Tahoe-Authorization`
    std::optional<formats::gbs::Range> range;  ///< what to read (GET), or where the body stands (PATCH)
    std::optional<std::size_t> along;          ///< bytes of shares that may come along with their list
    SharedBytes body;                          ///< none for a request without a body
    const char* bodyType = nullptr;            ///< media type of `body`
    std::vector<int> accepted;                 ///< statuses that are answers; every other one is an error
    bool notAllowedMeansConflict = false;      ///< whether 405 says that the share is complete
    const char* answerType = nullptr;          ///< media type that a body must have; none: bodies are dropped
    std::size_t mostAnswer = 0;                ///< of the body, in bytes
    /// Whether it may be sent again where the connection broke before an answer came: all but a slot's test and write,
    /// whose repetition could find its own first effect.
    bool mayRepeat = true;
};

/// The head of an answer, as either version of HTTP brings it.
struct AnswerHead {
    int status = 0;
    std::string contentType;
    std::string contentEncoding;
    std::string contentRange;
    std::string server;
    std::optional<std::uint64_t> contentLength;
};

/// What came back, with one of the accepted statuses.
struct Answer {
    int status = 0;
    std::optional<formats::gbs::Range> contentRange;
    bool fromTarn = false;  ///< the server calls itself one of ours
    Bytes body;
};

}  // namespace tarn::gbs
