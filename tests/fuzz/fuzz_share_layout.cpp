// A share header that is accepted is in order and has one spelling; so have chains and runs of hashes.

#include "core/formats/share_layout.h"
#include "core/formats/ueb.h"
#include "expect.h"

#include <algorithm>

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    if (const auto layout = parseHeader(input)) {
        expect(layout->headerSize() <= layout->data && layout->data <= layout->plaintextHashTree &&
               layout->plaintextHashTree <= layout->crypttextHashTree &&
               layout->crypttextHashTree <= layout->blockHashTree && layout->blockHashTree < layout->shareHashChain &&
               layout->shareHashChain < layout->uriExtension);
        expect(layout->shareSize(mostUriExtension) > layout->uriExtension);
        const Bytes packed = packHeader(*layout);
        expect(std::ranges::equal(packed, input.first(packed.size())));
        const ByteView rest = input.subspan(packed.size());
        if (const auto length = parseUriExtensionLength(*layout, rest)) {
            expect(*length >= 1 && *length <= mostUriExtension);
        }
    }
    if (const auto chain = parseShareHashChain(input)) {
        const auto again = parseShareHashChain(packShareHashChain(*chain));
        expect(again && *again == *chain);
    }
    if (const auto hashes = parseHashes(input)) {
        expect(packHashes(*hashes) == copyOf(input));
    }
    return 0;
}
