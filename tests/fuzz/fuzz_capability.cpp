// No text crashes the parser; whatever it accepts prints a capability that parses to the same one, and weakening goes
// only down.

#include "core/caps/capability.h"

#include <cstdlib>

namespace {

void expect(bool held) {
    if (!held) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace caps = tarn::caps;
    const auto parsed = caps::parse(tarn::textOf({data, size}));
    if (!parsed) {
        expect(parsed.error().code == tarn::ErrorCode::InvalidCapability);
        return 0;
    }
    const std::string text = caps::reveal(*parsed);
    const auto again = caps::parse(text);
    expect(again && caps::reveal(*again) == text && again->index() == parsed->index());
    expect(caps::kindName(*again) == caps::kindName(*parsed));

    const auto index = caps::storageIndex(*parsed);
    const auto readOnly = caps::readOnly(*parsed);
    const auto verifier = caps::verifier(*parsed);
    if (readOnly) {
        expect(caps::storageIndex(*readOnly) == index);
        expect(caps::reveal(caps::readOnly(*readOnly).value()) == caps::reveal(*readOnly));
        expect(caps::parse(caps::reveal(*readOnly)).has_value());
    }
    if (verifier) {
        expect(index.has_value() && caps::storageIndex(*verifier) == index);
        expect(!caps::readOnly(*verifier).has_value());
        expect(caps::parse(caps::reveal(*verifier)).has_value());
    }
    return 0;
}
