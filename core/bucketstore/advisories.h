#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/slot_container.h"
#include "core/foundation/clock.h"
#include "core/foundation/ids.h"
#include "core/foundation/units.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tarn::bucketstore {

inline constexpr std::size_t mostAdvisories = 1000;
inline constexpr std::size_t mostAdvisoryReason = 32765;

/// What clients say of damaged shares, a file each, for the person who keeps the server.
///
/// At most `mostAdvisories` files; later complaints are passed over until the person has cleared the folder, so that a
/// client cannot fill the disk nor push out what others said first. Of several complaints about one share within a
/// second the first is kept. Thread: any.
class Advisories {
public:
    Advisories(std::shared_ptr<FileSystem> files, std::string folder);
    [[nodiscard]] Result<void> keep(ContainerKind kind, StorageIndex index, ShareNum share, std::string_view reason,
                                    WallTime now);

private:
    std::shared_ptr<FileSystem> m_files;
    std::string m_folder;
    std::mutex m_mutex;
};

}  // namespace tarn::bucketstore
