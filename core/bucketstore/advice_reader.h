#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tarn::bucketstore {

/// What a client said of a damaged share, as `Advisories` keeps it.
struct Advice {
    std::string time;          ///< 2026-03-01T120000, UTC
    std::string storageIndex;  ///< base32
    std::string share;         ///< the number
    std::string reason;        ///< the client's own words, not to be trusted
    bool operator==(const Advice&) const = default;
};

struct AdviceList {
    std::uint64_t total = 0;
    std::vector<Advice> newest;  ///< newest first
};

/// Reads the `most` newest complaints kept in a store's FOLDER, whether or not it is open; of each reason the first
/// `mostReason` bytes. Files that are no complaints are passed over. Blocks on the disk. Thread: any.
[[nodiscard]] AdviceList readAdvice(const std::filesystem::path& folder, std::size_t most,
                                    std::size_t mostReason = 500);

}  // namespace tarn::bucketstore
