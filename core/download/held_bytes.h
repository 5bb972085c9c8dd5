#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/units.h"
#include "core/storage/storage_server.h"

#include <optional>
#include <vector>

namespace tarn::download {

/// The pieces of one share that have come so far.
class HeldBytes {
public:
    enum class State : std::uint8_t {
        Here,
        Missing,  ///< not asked for yet
        Beyond,   ///< the share ends before
    };

    /// `bytes` came for `asked`. Fewer than asked for say where the share ends; more are cut.
    void add(storage::ByteRange asked, Bytes bytes);

    [[nodiscard]] bool isEmpty() const noexcept { return m_pieces.empty() && !m_shareEnd; }
    [[nodiscard]] State state(storage::ByteRange range) const noexcept;
    /// The bytes of a range that is Here.
    [[nodiscard]] Bytes copy(storage::ByteRange range) const;

private:
    struct Piece {
        std::uint64_t begin;
        Bytes bytes;
        [[nodiscard]] std::uint64_t end() const noexcept { return begin + bytes.size(); }
    };

    std::vector<Piece> m_pieces;  ///< by their begin
    std::optional<std::uint64_t> m_shareEnd;
};

/// The range of `length` bytes from `begin`.
[[nodiscard]] constexpr storage::ByteRange rangeFrom(std::uint64_t begin, std::uint64_t length) noexcept {
    return {ByteOffset(begin), ByteOffset(begin + length)};
}

}  // namespace tarn::download
