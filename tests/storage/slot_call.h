#pragma once

#include "core/formats/slot_messages.h"

#include <memory>
#include <utility>

namespace tarn::testing {

/// Puts a request for a slot together, piece by piece, and keeps the bytes that it views.
class SlotCall {
public:
    SlotCall& read(std::uint64_t offset, std::uint64_t size) {
        m_request.reads.push_back({offset, size});
        return *this;
    }
    SlotCall& test(unsigned share, std::uint64_t offset, std::uint64_t size, Bytes specimen) {
        change(share).tests.push_back({{offset, size}, keep(std::move(specimen))});
        return *this;
    }
    SlotCall& write(unsigned share, std::uint64_t offset, Bytes data) {
        change(share).writes.push_back({offset, keep(std::move(data))});
        return *this;
    }
    SlotCall& cut(unsigned share, std::uint64_t length) {
        change(share).newLength = length;
        return *this;
    }
    /// Names a share and asks nothing of it.
    SlotCall& name(unsigned share) {
        (void)change(share);
        return *this;
    }
    [[nodiscard]] const formats::gbs::SlotRequest& request() const { return m_request; }

private:
    formats::gbs::SlotChange& change(unsigned share) {
        return m_request.changes[ShareNum(static_cast<std::uint16_t>(share))];
    }
    ByteView keep(Bytes bytes) {
        m_request.kept.push_back(std::make_shared<const Bytes>(std::move(bytes)));
        return *m_request.kept.back();
    }

    formats::gbs::SlotRequest m_request;
};

}  // namespace tarn::testing
