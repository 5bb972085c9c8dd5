// A header value that is accepted is written in one form, which reads the same.

#include "core/formats/gbs_messages.h"
#include "expect.h"

using namespace tarn;
using namespace tarn::formats;
using tarn::fuzz::expect;

namespace {

bool same(const std::optional<gbs::Range>& a, const std::optional<gbs::Range>& b) {
    return a && b && a->begin == b->begin && a->end == b->end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view value = textOf(ByteView(data, size));
    if (const auto range = gbs::parseRange(value)) {
        expect(range->begin < range->end);
        expect(same(range, gbs::parseRange(gbs::writeRange(*range))));
    }
    if (const auto range = gbs::parseContentRange(value)) {
        expect(range->begin < range->end);
        expect(same(range, gbs::parseContentRange(gbs::writeContentRange(*range))));
    }
    if (const auto secrets = gbs::parseSecretHeader(value)) {
        expect(!secrets->empty() && secrets->size() <= 4);
        std::string written;
        for (const auto& [kind, secret] : *secrets) {
            expect(!secret.empty());
            written += (written.empty() ? "" : ", ") + gbs::writeSecretHeader(kind, secret);
        }
        const auto again = gbs::parseSecretHeader(written);
        expect(again && *again == *secrets);
    }
    return 0;
}
