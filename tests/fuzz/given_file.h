#pragma once

#include "core/bucketstore/file_system.h"

#include <algorithm>

namespace tarn::fuzz {

using bucketstore::File;

/// A file that is there to be read.
class GivenFile final : public File {
public:
    explicit GivenFile(ByteView bytes) : m_bytes(bytes) {}
    Result<std::size_t> read(std::uint64_t offset, MutableByteView out) const override {
        const std::size_t begin = std::min<std::size_t>(offset, m_bytes.size());
        const std::size_t count = std::min(out.size(), m_bytes.size() - begin);
        std::copy_n(m_bytes.begin() + static_cast<std::ptrdiff_t>(begin), count, out.begin());
        return count;
    }
    Result<void> write(std::uint64_t, std::span<const ByteView>) override { return failure(ErrorCode::Internal); }
    Result<void> sync() override { return {}; }
    Result<std::uint64_t> size() const override { return m_bytes.size(); }
    Result<void> truncate(std::uint64_t) override { return failure(ErrorCode::Internal); }

private:
    ByteView m_bytes;
};

}  // namespace tarn::fuzz
