#include "core/engine/backoff.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace tarn::engine {

namespace {

constexpr std::chrono::milliseconds firstBackoff{2000};
constexpr std::uint32_t mostDoublings = 16;

}  // namespace

std::chrono::milliseconds backoffAfter(std::uint32_t attempts, Random& random) {
    const auto doublings = std::min(attempts == 0 ? 0 : attempts - 1, mostDoublings);
    const auto whole = std::min(firstBackoff * (std::int64_t{1} << doublings), longestBackoff);
    std::array<Byte, sizeof(std::uint32_t)> bytes{};
    random.fill(bytes);
    std::uint32_t drawn = 0;
    std::memcpy(&drawn, bytes.data(), sizeof drawn);
    return whole / 2 + std::chrono::milliseconds(drawn % (whole.count() / 2 + 1));
}

}  // namespace tarn::engine
