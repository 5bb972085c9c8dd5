#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tarn::bucketstore {

/// A half-open range of bytes [first, second).
using Range = std::pair<std::uint64_t, std::uint64_t>;

/// Which bytes of a share have come: ranges that neither touch nor overlap, in order. Its size grows with the number of
/// gaps, not with the share.
class WrittenRanges {
public:
    void add(Range range);
    [[nodiscard]] std::size_t count() const noexcept { return m_ranges.size(); }
    /// How many ranges there would be after `add(range)`.
    [[nodiscard]] std::size_t countAfter(Range range) const;
    /// The parts of `range` that are there already.
    [[nodiscard]] std::vector<Range> within(Range range) const;
    /// What is missing of [0, size).
    [[nodiscard]] std::vector<Range> missing(std::uint64_t size) const;
    [[nodiscard]] std::uint64_t total() const noexcept { return m_total; }

private:
    /// The ranges that touch or overlap `range`, as a pair of indices [first, last).
    [[nodiscard]] std::pair<std::size_t, std::size_t> touching(Range range) const;

    std::vector<Range> m_ranges;
    std::uint64_t m_total = 0;
};

}  // namespace tarn::bucketstore
