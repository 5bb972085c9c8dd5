#pragma once

#include "core/bucketstore/file_system.h"
#include "core/bucketstore/share_index.h"
#include "core/bucketstore/share_record.h"
#include "core/bucketstore/share_tree.h"

#include <filesystem>
#include <map>
#include <string>

namespace tarn::bucketstore::test {

/// Compares an index that no store has open with the folders that it tells of, share by share and lease by lease. Gives
/// the first difference in words; empty: they agree.
inline std::string indexDisagreement(FileSystem& files, const std::string& shares,
                                     const std::filesystem::path& indexFile) {
    auto index = ShareIndex::open(indexFile);
    if (!index) {
        return "the index cannot be opened: " + index.error().detail;
    }
    std::map<ShareKey, std::string> there;
    const auto names = [&](const std::string& folder) {
        return files.names(folder).value_or(std::vector<std::string>());
    };
    for (const std::string& first : names(shares)) {
        for (const std::string& second : names(shares + '/' + first)) {
            for (const std::string& bucket : names(shares + '/' + first + '/' + second)) {
                const std::string path = shares + '/' + first + '/' + second + '/' + bucket;
                for (const std::string& share : names(path)) {
                    if (shareNumOf(share) && bucketOf(bucket)) {
                        there.emplace(ShareKey(*bucketOf(bucket), *shareNumOf(share)), path + '/' + share);
                    }
                }
            }
        }
    }
    const auto rows = index->between(StorageIndex(), std::nullopt);
    if (!rows) {
        return "the index cannot be read: " + rows.error().detail;
    }
    for (const IndexedFile& row : *rows) {
        if (!there.contains(row.key)) {
            return "the index names a share that is not there";
        }
    }
    if (rows->size() != there.size()) {
        return "the index has " + std::to_string(rows->size()) + " shares of " + std::to_string(there.size());
    }
    for (const auto& [key, path] : there) {
        const auto row = index->find(key);
        if (!row || !*row || (*row)->bytes != files.fileSize(path).value_or(0)) {
            return "the index has another size for " + path;
        }
        const auto file = files.open(path, FileSystem::Access::Read);
        const auto record = file ? readShareRecord(**file) : failure(file.error());
        if (!record) {
            continue;  // damaged: there is nothing to compare
        }
        if ((*row)->latest != record->latest || (*row)->leaseCount != record->leases || (*row)->kind != record->kind ||
            (*row)->leases.size() != record->expiries.size()) {
            return "the index has other leases for " + path;
        }
        for (std::size_t i = 0; i < record->expiries.size(); ++i) {
            if ((*row)->leases[i].expiry != record->expiries[i]) {
                return "the index has another end of a lease for " + path;
            }
        }
    }
    return {};
}

}  // namespace tarn::bucketstore::test
