#include "core/bucketstore/container_reader.h"

#include "core/bucketstore/container.h"
#include "core/bucketstore/disk_failure.h"
#include "core/bucketstore/slot_container.h"

#include <algorithm>
#include <utility>

namespace tarn::bucketstore {

namespace {

constexpr std::size_t headSize = 4096;

class ContainerReader final : public ShareReader {
public:
    ContainerReader(std::unique_ptr<File> file, Bytes head, std::uint64_t length)
        : m_file(std::move(file)), m_head(std::move(head)), m_length(length) {}

    [[nodiscard]] ByteCount size() const noexcept override { return ByteCount(m_length); }

    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, MutableByteView out) const override {
        out = within(offset, out);
        if (readHead(offset, out)) {
            return out.size();
        }
        auto got = m_file->read(containerHeaderSize + offset.value(), out);
        if (!got) {
            return diskFailure(got.error());
        }
        return got;
    }

    [[nodiscard]] std::optional<std::size_t> readCached(ByteOffset offset, MutableByteView out) const override {
        out = within(offset, out);
        return readHead(offset, out) ? out.size() : m_file->readCached(containerHeaderSize + offset.value(), out);
    }

private:
    /// As much of `out` as there is data for from `offset` on.
    [[nodiscard]] MutableByteView within(ByteOffset offset, MutableByteView out) const noexcept {
        const std::uint64_t left = m_length - std::min(m_length, offset.value());
        return out.first(static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left)));
    }

    /// Needs an `out` that is within the data.
    [[nodiscard]] bool readHead(ByteOffset offset, MutableByteView out) const {
        if (out.empty()) {
            return true;
        }
        const std::uint64_t from = containerHeaderSize + offset.value();
        if (from > m_head.size() || out.size() > m_head.size() - from) {
            return false;
        }
        std::ranges::copy(ByteView(m_head).subspan(static_cast<std::size_t>(from), out.size()), out.begin());
        return true;
    }

    std::unique_ptr<File> m_file;
    Bytes m_head;
    std::uint64_t m_length;
};

/// The head must have been read before: see readContainer.
Result<std::shared_ptr<const ShareReader>> readerOf(std::unique_ptr<File> file, Bytes head) {
    if (kindOf(head) == ContainerKind::Mutable) {
        return failure(ErrorCode::NotFound, "no such immutable share");
    }
    const auto size = file->size();
    if (!size) {
        return diskFailure(size.error());
    }
    const auto layout = readContainer(head, *size);
    if (!layout) {
        return failure(layout.error());
    }
    return std::shared_ptr<const ShareReader>(
        std::make_shared<ContainerReader>(std::move(file), std::move(head), layout->dataLength));
}

}  // namespace

Result<std::shared_ptr<const ShareReader>> openContainer(std::unique_ptr<File> file) {
    Bytes head(headSize);
    const auto got = file->read(0, head);
    if (!got) {
        return diskFailure(got.error());
    }
    head.resize(*got);
    return readerOf(std::move(file), std::move(head));
}

std::shared_ptr<const ShareReader> openCachedContainer(std::unique_ptr<File> file) {
    Bytes head(headSize);
    const auto got = file ? file->readCached(0, head) : std::nullopt;
    if (!got) {
        return nullptr;
    }
    head.resize(*got);
    // A head that is cut short makes longer ways, and no wrong ones: the reader reads what it does not hold.
    auto reader = readerOf(std::move(file), std::move(head));
    return reader ? std::move(*reader) : nullptr;
}

}  // namespace tarn::bucketstore
