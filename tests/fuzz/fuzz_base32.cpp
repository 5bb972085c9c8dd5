// Whatever base32 and base64 accept has one spelling: printing it gives the input back.

#include "core/foundation/base32.h"
#include "core/foundation/base64.h"

#include <cstdlib>

namespace {

void expect(bool held) {
    if (!held) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tarn::ByteView input(data, size);
    const std::string_view text = tarn::textOf(input);
    if (const auto bytes = tarn::fromBase32(text)) {
        expect(tarn::toBase32(*bytes) == text);
    }
    if (const auto bytes = tarn::fromBase64(text)) {
        expect(tarn::toBase64(*bytes) == text);
    }
    if (const auto bytes = tarn::fromBase64Url(text)) {
        expect(tarn::toBase64Url(*bytes) == text);
    }
    const auto same = [input](const std::optional<tarn::Bytes>& bytes) {
        return bytes && tarn::textOf(*bytes) == tarn::textOf(input);
    };
    expect(same(tarn::fromBase32(tarn::toBase32(input))));
    expect(same(tarn::fromBase64(tarn::toBase64(input))));
    expect(same(tarn::fromBase64Url(tarn::toBase64Url(input))));
    return 0;
}
