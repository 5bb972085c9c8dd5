#include "core/bucketstore/slot_version.h"

#include <vector>

namespace tarn::bucketstore {

namespace {

/// Gathers pieces that follow each other, so that an ordinary share goes out in one call.
class Gatherer {
public:
    explicit Gatherer(File& file) : m_file(file) {}

    [[nodiscard]] Result<void> put(std::uint64_t offset, ByteView bytes) {
        if (offset != m_begin + m_size || m_pieces.size() == mostPieces) {
            if (auto written = flush(); !written) {
                return written;
            }
            m_begin = offset;
        }
        m_pieces.push_back(bytes);
        m_size += bytes.size();
        return {};
    }

    [[nodiscard]] Result<void> flush() {
        Result<void> written;
        if (m_size > 0) {
            written = m_file.write(m_begin, m_pieces);
        }
        m_begin += m_size;
        m_size = 0;
        m_pieces.clear();
        return written;
    }

private:
    static constexpr std::size_t mostPieces = 256;

    File& m_file;
    std::uint64_t m_begin = 0;
    std::uint64_t m_size = 0;
    std::vector<ByteView> m_pieces;
};

}  // namespace

Result<void> writeSlotVersion(File& to, SlotParts parts, const SlotPlan& plan, const File* from) {
    setDataLength(parts, plan.length);
    const auto further = bigEndian32(static_cast<std::uint32_t>(parts.further.size() / slotLeaseSize));
    Gatherer gatherer(to);
    auto done = gatherer.put(0, parts.head);
    for (auto range = plan.copied.begin(); done && range != plan.copied.end(); ++range) {
        const std::uint64_t at = slotDataOffset + range->first;
        done = from == nullptr ? failure(ErrorCode::Internal, "a copy from nothing")
                               : to.copyFrom(*from, at, at, range->second - range->first);
    }
    for (auto write = plan.writes.begin(); done && write != plan.writes.end(); ++write) {
        done = gatherer.put(slotDataOffset + write->offset, write->data);
    }
    if (done) {
        done = gatherer.put(slotDataOffset + plan.length, further);
    }
    if (done) {
        done = gatherer.put(slotDataOffset + plan.length + further.size(), parts.further);
    }
    return done ? gatherer.flush() : done;
}

std::uint64_t slotVersionSize(const SlotParts& parts, const SlotPlan& plan) noexcept {
    return slotOverhead + plan.length + parts.further.size();
}

}  // namespace tarn::bucketstore
