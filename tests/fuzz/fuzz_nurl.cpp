// A NURL or fURL that is accepted reads the same after it was written, and holds nothing that breaks a header line.

#include "core/formats/nurl.h"
#include "expect.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

namespace {

bool isPrintable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = textOf(ByteView(data, size));
    if (const auto nurl = parseNurl(text)) {
        expect(isPrintable(nurl->host) && isPrintable(nurl->swissnum.reveal()) && nurl->port != 0);
        const auto again = parseNurl(nurl->reveal());
        expect(again && again->reveal() == nurl->reveal() && again->host == nurl->host && again->port == nurl->port &&
               again->swissnum.reveal() == nurl->swissnum.reveal() && again->spkiHash == nurl->spkiHash);
    }
    if (const auto furl = parseFurl(text)) {
        expect(isPrintable(furl->reveal()));
        const auto again = parseFurl(furl->reveal());
        expect(again && again->tubId == furl->tubId && again->locationHints == furl->locationHints &&
               again->swissnum.reveal() == furl->swissnum.reveal());
    }
    return 0;
}
