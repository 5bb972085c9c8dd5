#pragma once

#include "core/bucketstore/bucket_store.h"
#include "core/bucketstore/file_system.h"

#include <memory>

namespace tarn::bucketstore {

/// Reads a complete immutable share out of its container. The container's beginning is read at once and kept (4 KiB),
/// so that a small share takes one read. Thread: any. Fails: NotFound (a mutable slot's share), ServerFailed (damaged).
[[nodiscard]] Result<std::shared_ptr<const ShareReader>> openContainer(std::unique_ptr<File> file);
/// The same without a wait for the disk: null where that cannot be, and where it fails.
[[nodiscard]] std::shared_ptr<const ShareReader> openCachedContainer(std::unique_ptr<File> file);

}  // namespace tarn::bucketstore
