#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/crypto/hash.h"
#include "core/foundation/clock.h"

#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>

namespace tarn::bucketstore::test {

/// A clock that stands still until it is moved. Thread: any.
class StandingClock final : public Clock {
public:
    [[nodiscard]] SteadyTime steadyNow() const override {
        const std::lock_guard lock(m_mutex);
        return SteadyTime(m_passed);
    }
    [[nodiscard]] WallTime wallNow() const override {
        const std::lock_guard lock(m_mutex);
        return WallTime(std::chrono::seconds(1'700'000'000)) +
               std::chrono::duration_cast<std::chrono::seconds>(m_passed);
    }
    void pass(std::chrono::seconds time) {
        const std::lock_guard lock(m_mutex);
        m_passed += time;
    }

private:
    mutable std::mutex m_mutex;
    std::chrono::nanoseconds m_passed{0};
};

/// A folder for a test that makes many files and does not care for what a power cut leaves: in memory where there is
/// such a place.
inline std::unique_ptr<QTemporaryDir> quickFolder() {
    const QString memory = QStringLiteral("/dev/shm");
    const bool there = QFileInfo(memory).isWritable();
    return std::make_unique<QTemporaryDir>((there ? memory : QDir::tempPath()) + QStringLiteral("/tarn-XXXXXX"));
}

template <typename Kind>
Kind secretOf(Byte fill) {
    std::array<Byte, Kind::size> bytes;
    bytes.fill(fill);
    return Kind(bytes);
}

inline StorageIndex indexOf(Byte first, Byte fill = 0x5a) {
    std::array<Byte, StorageIndex::size> bytes;
    bytes.fill(fill);
    bytes[0] = first;
    return StorageIndex(bytes);
}

inline LeaseSecrets leaseOf(Byte fill) {
    return {secretOf<LeaseRenewSecret>(fill), secretOf<LeaseCancelSecret>(static_cast<Byte>(fill + 1))};
}

/// Bytes that differ from place to place and from seed to seed.
inline Bytes patternOf(std::size_t size, unsigned seed) {
    Bytes bytes(size);
    std::uint32_t state = seed * 2654435761U + 1;
    for (Byte& byte : bytes) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<Byte>(state >> 24U);
    }
    return bytes;
}

/// The whole of a share, or nothing when it cannot be read.
inline std::optional<Bytes> readAll(const BucketStore& store, StorageIndex index, ShareNum share) {
    const auto reader = store.openShare(index, share);
    if (!reader) {
        return std::nullopt;
    }
    Bytes bytes(static_cast<std::size_t>((*reader)->size().value()));
    const auto got = (*reader)->read(ByteOffset(0), bytes);
    if (!got || *got != bytes.size()) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace tarn::bucketstore::test
