#include "core/download/held_bytes.h"

#include <algorithm>

namespace tarn::download {

void HeldBytes::add(storage::ByteRange asked, Bytes bytes) {
    const std::uint64_t length = (asked.end - asked.begin).value();
    if (bytes.size() > length) {
        bytes.resize(length);
    }
    if (bytes.size() < length) {
        const std::uint64_t end = asked.begin.value() + bytes.size();
        m_shareEnd = std::min(m_shareEnd.value_or(end), end);
    }
    if (!bytes.empty()) {
        const Piece piece{asked.begin.value(), std::move(bytes)};
        const auto place =
            std::ranges::upper_bound(m_pieces, piece.begin, {}, [](const Piece& other) { return other.begin; });
        m_pieces.insert(place, piece);
    }
}

HeldBytes::State HeldBytes::state(storage::ByteRange range) const noexcept {
    std::uint64_t reached = range.begin.value();
    for (const Piece& piece : m_pieces) {
        if (piece.begin <= reached) {
            reached = std::max(reached, piece.end());
        }
    }
    if (reached >= range.end.value()) {
        return State::Here;
    }
    return m_shareEnd && range.end.value() > *m_shareEnd ? State::Beyond : State::Missing;
}

Bytes HeldBytes::copy(storage::ByteRange range) const {
    Bytes result;
    result.reserve((range.end - range.begin).value());
    std::uint64_t reached = range.begin.value();
    for (const Piece& piece : m_pieces) {
        const std::uint64_t end = std::min(piece.end(), range.end.value());
        if (piece.begin <= reached && end > reached) {
            const auto useful = ByteView(piece.bytes).subspan(reached - piece.begin, end - reached);
            result.insert(result.end(), useful.begin(), useful.end());
            reached = end;
        }
    }
    return result;
}

}  // namespace tarn::download
