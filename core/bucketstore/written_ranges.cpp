#include "core/bucketstore/written_ranges.h"

#include <algorithm>

namespace tarn::bucketstore {

std::pair<std::size_t, std::size_t> WrittenRanges::touching(Range range) const {
    const auto first = std::lower_bound(m_ranges.begin(), m_ranges.end(), range.first,
                                        [](const Range& r, std::uint64_t begin) { return r.second < begin; });
    const auto last = std::upper_bound(first, m_ranges.end(), range.second,
                                       [](std::uint64_t end, const Range& r) { return end < r.first; });
    return {static_cast<std::size_t>(first - m_ranges.begin()), static_cast<std::size_t>(last - m_ranges.begin())};
}

std::size_t WrittenRanges::countAfter(Range range) const {
    if (range.first >= range.second) {
        return m_ranges.size();
    }
    const auto [first, last] = touching(range);
    return m_ranges.size() - (last - first) + 1;
}

void WrittenRanges::add(Range range) {
    if (range.first >= range.second) {
        return;
    }
    const auto [first, last] = touching(range);
    for (std::size_t i = first; i < last; ++i) {
        range.first = std::min(range.first, m_ranges[i].first);
        range.second = std::max(range.second, m_ranges[i].second);
        m_total -= m_ranges[i].second - m_ranges[i].first;
    }
    const auto at = m_ranges.begin();
    m_ranges.erase(at + static_cast<std::ptrdiff_t>(first), at + static_cast<std::ptrdiff_t>(last));
    m_ranges.insert(m_ranges.begin() + static_cast<std::ptrdiff_t>(first), range);
    m_total += range.second - range.first;
}

std::vector<Range> WrittenRanges::within(Range range) const {
    std::vector<Range> parts;
    const auto [first, last] = touching(range);
    for (std::size_t i = first; i < last; ++i) {
        const Range part{std::max(range.first, m_ranges[i].first), std::min(range.second, m_ranges[i].second)};
        if (part.first < part.second) {
            parts.push_back(part);
        }
    }
    return parts;
}

std::vector<Range> WrittenRanges::missing(std::uint64_t size) const {
    std::vector<Range> gaps;
    std::uint64_t position = 0;
    for (const Range& range : m_ranges) {
        if (position < range.first) {
            gaps.emplace_back(position, range.first);
        }
        position = range.second;
    }
    if (position < size) {
        gaps.emplace_back(position, size);
    }
    return gaps;
}

}  // namespace tarn::bucketstore
