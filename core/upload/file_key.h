#pragma once

#include "core/async/task.h"
#include "core/crypto/derive.h"
#include "core/formats/encoding.h"
#include "core/upload/source.h"
#include "core/upload/upload.h"

#include <functional>
#include <memory>
#include <stop_token>

namespace tarn::upload {

/// A hasher that has everything but the plaintext. Into the key goes the segment size as it is cut to the file, not the
/// profile's maximum. Source: Tahoe-LAFS immutable/upload.py, `_get_encryption_key_convergent`.
[[nodiscard]] crypto::ConvergentKeyHasher keyHasherFor(const formats::Geometry& geometry,
                                                       const crypto::ConvergenceSecret& convergence);

/// Told how many bytes have been hashed, on the thread that asked.
using HashedSoFar = std::function<void(ByteCount)>;

/// The first pass over a file: its key from its content. Reads ahead on the disk pool while the CPU pool hashes.
/// Thread: engine. Fails: as `Source::read`; Cancelled.
[[nodiscard]] async::Task<crypto::FileKey> hashKey(std::shared_ptr<Source> source, formats::Geometry geometry,
                                                   std::shared_ptr<const Secrets> secrets,
                                                   std::shared_ptr<const Environment> environment, HashedSoFar progress,
                                                   std::stop_token stop);

}  // namespace tarn::upload
