#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace tarn {

/// A number that says what it counts: two kinds never mix by accident. `value()` is the way out.
template <typename Tag, typename Representation>
class StrongNumber {
public:
    constexpr StrongNumber() noexcept = default;
    constexpr explicit StrongNumber(Representation value) noexcept : m_value(value) {}

    [[nodiscard]] constexpr Representation value() const noexcept { return m_value; }
    constexpr auto operator<=>(const StrongNumber&) const noexcept = default;

private:
    Representation m_value = 0;
};

/// A share's number within its file: 0 <= number < n <= 256.
using ShareNum = StrongNumber<struct ShareNumTag, std::uint16_t>;
/// A segment's number within its file, counted from 0.
using SegmentNum = StrongNumber<struct SegmentNumTag, std::uint64_t>;
/// A length in bytes.
using ByteCount = StrongNumber<struct ByteCountTag, std::uint64_t>;
/// A place in a file or share, in bytes from its start.
using ByteOffset = StrongNumber<struct ByteOffsetTag, std::uint64_t>;

constexpr ByteCount operator+(ByteCount a, ByteCount b) noexcept {
    return ByteCount(a.value() + b.value());
}
constexpr ByteCount& operator+=(ByteCount& a, ByteCount b) noexcept {
    return a = a + b;
}
constexpr ByteOffset operator+(ByteOffset a, ByteCount b) noexcept {
    return ByteOffset(a.value() + b.value());
}
/// The distance from `b` up to `a`; `b` must not lie behind `a`.
constexpr ByteCount operator-(ByteOffset a, ByteOffset b) noexcept {
    return ByteCount(a.value() - b.value());
}

}  // namespace tarn

template <typename Tag, typename Representation>
struct std::hash<tarn::StrongNumber<Tag, Representation>> {
    std::size_t operator()(const tarn::StrongNumber<Tag, Representation>& number) const noexcept {
        return std::hash<Representation>{}(number.value());
    }
};
