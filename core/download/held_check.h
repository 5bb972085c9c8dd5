#pragma once

#include "core/async/pools.h"
#include "core/crypto/aes_ctr.h"
#include "core/download/file_facts.h"
#include "core/download/sink.h"

#include <memory>
#include <stop_token>

namespace tarn::download {

/// Finds out how many of the file's first `segments` segments an earlier attempt has left right in `sink`, up to the
/// first that is not, and has the sink keep those: encrypted again, each must come to its proved hash.
///
/// Thread: engine; reads and hashes on the disk pool, a few segments at a time. Fails: FileUnwritable, DiskFull,
/// Cancelled. What cannot be read counts as not there.
[[nodiscard]] async::Task<std::uint64_t> checkHeld(std::shared_ptr<async::Pools> pools, std::shared_ptr<Sink> sink,
                                                   FileKnowledge known, crypto::FileKey key, std::uint64_t segments,
                                                   std::stop_token stop);

}  // namespace tarn::download
