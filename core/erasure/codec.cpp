#include "core/erasure/codec.h"

#include "core/erasure/galois.h"

#include <isa-l/erasure_code.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

namespace tarn::erasure {

namespace {

constexpr unsigned mostBlocks = 256;
constexpr std::size_t tableSize = 32;

/// Blocks are worked through in strips: ISA-L counts in int, and it goes over the input once for every six output
/// blocks, which then finds the strip still in the cache.
constexpr std::size_t stripSize = 16 * 1024;

Bytes expandTables(Bytes coefficients, std::size_t known) {
    Bytes expanded(coefficients.size() * tableSize);
    if (!coefficients.empty()) {
        ec_init_tables(static_cast<int>(known), static_cast<int>(coefficients.size() / known), coefficients.data(),
                       expanded.data());
    }
    return expanded;
}

/// Computes `to.size()` blocks from `from` with tables of as many rows. ISA-L's interface knows no const.
void transform(const Bytes& expanded, std::span<Byte*> from, std::span<Byte*> to, std::size_t length) {
    auto* const useTables = const_cast<Byte*>(expanded.data());
    if (to.empty()) {
        return;
    }
    while (length > 0) {
        const std::size_t now = std::min(length, stripSize);
        ec_encode_data(static_cast<int>(now), static_cast<int>(from.size()), static_cast<int>(to.size()), useTables,
                       from.data(), to.data());
        std::for_each(from.begin(), from.end(), [now](Byte*& block) { block += now; });
        std::for_each(to.begin(), to.end(), [now](Byte*& block) { block += now; });
        length -= now;
    }
}

template <typename Views>
bool allOfLength(const Views& views, std::size_t length) {
    return std::all_of(views.begin(), views.end(), [length](const auto& view) { return view.size() == length; });
}

}  // namespace

Result<Codec> Codec::make(unsigned required, unsigned total) {
    if (required < 1 || required > total || total > mostBlocks) {
        return failure(ErrorCode::InvalidArgument, "an erasure code needs 1 <= k <= n <= 256");
    }
    return Codec(required, total);
}

Codec::Codec(unsigned required, unsigned total) : m_required(required), m_total(total) {
    std::vector<unsigned> numbers(total);
    std::iota(numbers.begin(), numbers.end(), 0U);
    const std::span<const unsigned> all(numbers);
    m_parityTables = expandTables(coefficientsFor(all.subspan(required), all.first(required)), required);
}

void Codec::encode(std::span<const ByteView> input, std::span<const MutableByteView> parity) const {
    if (input.size() != m_required || parity.size() != m_total - m_required || !allOfLength(input, input[0].size()) ||
        !allOfLength(parity, input[0].size())) {
        throw std::invalid_argument("Codec::encode: wrong number or lengths of blocks");
    }
    std::array<Byte*, mostBlocks> from;
    std::array<Byte*, mostBlocks> to;
    std::transform(input.begin(), input.end(), from.begin(),
                   [](ByteView block) { return const_cast<Byte*>(block.data()); });
    std::transform(parity.begin(), parity.end(), to.begin(), [](MutableByteView block) { return block.data(); });
    transform(m_parityTables, std::span(from).first(input.size()), std::span(to).first(parity.size()), input[0].size());
}

Result<void> Codec::decode(std::span<const Numbered> blocks, std::span<const MutableByteView> output) const {
    if (blocks.size() != m_required || output.size() != m_required) {
        return failure(ErrorCode::InvalidArgument, "decoding takes k blocks and gives k blocks");
    }
    const std::size_t length = blocks[0].block.size();
    std::array<bool, mostBlocks> seen{};
    std::vector<unsigned> known;
    std::array<Byte*, mostBlocks> from;
    for (const Numbered& each : blocks) {
        if (each.number >= m_total || seen[each.number]) {
            return failure(ErrorCode::InvalidArgument, "a block's number is out of range or repeats");
        }
        if (each.block.size() != length) {
            return failure(ErrorCode::InvalidArgument, "the blocks of one segment differ in length");
        }
        seen[each.number] = true;
        from[known.size()] = const_cast<Byte*>(each.block.data());
        known.push_back(each.number);
    }
    if (!allOfLength(output, length)) {
        return failure(ErrorCode::InvalidArgument, "the output differs from the blocks in length");
    }
    for (const Numbered& each : blocks) {
        if (each.number < m_required) {
            std::copy(each.block.begin(), each.block.end(), output[each.number].begin());
        }
    }
    std::vector<unsigned> missing;
    std::array<Byte*, mostBlocks> to;
    for (unsigned number = 0; number < m_required; ++number) {
        if (!seen[number]) {
            to[missing.size()] = output[number].data();
            missing.push_back(number);
        }
    }
    transform(expandTables(coefficientsFor(missing, known), known.size()), std::span(from).first(known.size()),
              std::span(to).first(missing.size()), length);
    return {};
}

}  // namespace tarn::erasure
