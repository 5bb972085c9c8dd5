// A whole connection of HTTP/1, from its first byte on, by whoever sends it: nothing breaks the session, and when it is
// over it holds nothing any more. The first byte says in pieces of which size the others come.

#include "expect.h"
#include "session_stage.h"

using namespace tarn;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    fuzz::SessionStage stage;
    stage.play<server::Http1Session>(textOf(ByteView(data + 1, size - 1)), data[0] * 16UL + 1);
    expect(stage.memoryUsed() == 0);
    expect(stage.exchanges() == 0);
    return 0;
}
