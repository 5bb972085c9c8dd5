// A message that is accepted is written in one form, which reads the same.
// Input: a byte that picks the message, then its body.

#include "core/formats/gbs_messages.h"
#include "core/formats/slot_messages.h"
#include "expect.h"

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

namespace {

template <typename Parse, typename Write>
void check(ByteView body, Parse parse, Write write) {
    const auto parsed = parse(body);
    if (!parsed) {
        expect(parsed.error().code == ErrorCode::ProtocolViolation);
        return;
    }
    const Bytes written = write(*parsed);
    const auto again = parse(written);
    expect(again && write(*again) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const ByteView body(data + 1, size - 1);
    switch (data[0] % 9) {
    case 0: check(body, gbs::parseVersionReply, gbs::writeVersionReply); break;
    case 1: check(body, gbs::parseAllocateRequest, gbs::writeAllocateRequest); break;
    case 2: check(body, gbs::parseAllocateReply, gbs::writeAllocateReply); break;
    case 3: check(body, gbs::parseWriteReply, gbs::writeWriteReply); break;
    case 4: check(body, gbs::parseShareSet, gbs::writeShareSet); break;
    case 5: check(body, gbs::parseCorruptionAdvice, gbs::writeCorruptionAdvice); break;
    case 6: check(body, gbs::parseSlotRequest, gbs::writeSlotRequest); break;
    case 7: check(body, gbs::parseSlotReply, gbs::writeSlotReply); break;
    default: check(body, gbs::parseFoundReply, gbs::writeFoundReply); break;
    }
    return 0;
}
