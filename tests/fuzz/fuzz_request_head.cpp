// What a stranger sends to the server before it is known: no head breaks the parser or the decision on it, a head does
// not depend on how it was cut into packets, and nobody without the swissnum gets further.

#include "core/server/call.h"
#include "core/server/request_head.h"
#include "expect.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::server;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view authorization = "Tahoe-LAFS c3dpc3NudW0=";
    const std::string_view bytes = textOf(ByteView(data, size));
    const auto length = headLength(bytes, 0);
    if (!length) {
        return 0;
    }
    expect(*length <= size);
    // The same end is found when all but the last byte had been searched before.
    expect(headLength(bytes.substr(0, *length), *length - 1) == length);
    const auto head = parseRequestHead(bytes.substr(0, *length));
    if (!head) {
        return 0;
    }
    const auto decision = readCall(*head, authorization, Limits{});
    if (const auto* const call = std::get_if<Call>(&decision)) {
        expect(head->authorization == authorization);
        expect(call->share.value() < 256 && call->bodyLength == head->contentLength);
        expect(!call->range || call->range->begin < call->range->end);
    } else if (std::get<Refusal>(decision).authorized) {
        expect(head->authorization == authorization);
    }
    return 0;
}
