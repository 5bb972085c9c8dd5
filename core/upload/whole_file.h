#pragma once

#include "core/crypto/derive.h"
#include "core/upload/file_hashes.h"
#include "core/upload/segment_encoder.h"
#include "core/upload/source.h"

namespace tarn::upload {

// The two passes over a file on one thread, without servers: what `dryRun` is made of, and what the encode benchmark
// times. Thread: any; they block. Fail: as `Source::read`.

/// The first pass: the convergent key. One byte of SHA-256 a byte of file.
[[nodiscard]] Result<crypto::FileKey> keyOf(Source& source, const formats::Geometry& geometry,
                                            const crypto::ConvergenceSecret& convergence);

/// The second pass: encrypts, encodes and hashes everything, and keeps only the hashes. 2 + n/k bytes of SHA-256, one
/// of AES-CTR and the erasure code a byte of file. Memory: one run.
[[nodiscard]] Result<SealedFile> encodeWhole(Source& source, const SegmentEncoder& encoder);

}  // namespace tarn::upload
