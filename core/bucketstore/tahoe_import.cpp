#include "core/bucketstore/tahoe_import.h"

#include "core/bucketstore/share_record.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <system_error>

namespace tarn::bucketstore {

namespace {

constexpr std::size_t mostNamedLeftOut = 1000;
/// After so many buckets all is synced, so that the store need not remember more new folders than these have.
constexpr std::uint64_t settledAtOnce = 10'000;

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto begin = text.find_first_not_of(space);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

/// Whether the process that a pid file of Tahoe-LAFS's names is there. Its first word is the number.
bool isRunning(const std::filesystem::path& pidFile) {
    std::ifstream file(pidFile);
    int number = 0;
    return file >> number && number > 0 && (::kill(number, 0) == 0 || errno == EPERM);
}

/// The value of `storage_dir` in the `[storage]` section; "storage" where none is.
std::string storageFolderIn(const std::filesystem::path& configuration) {
    std::ifstream file(configuration);
    std::string line;
    bool inStorage = false;
    std::string found = "storage";
    while (std::getline(file, line)) {
        const std::string_view text = trimmed(line);
        if (text.starts_with('[')) {
            inStorage = text == "[storage]";
        }
        const auto equals = text.find_first_of("=:");
        if (inStorage && equals != std::string_view::npos && trimmed(text.substr(0, equals)) == "storage_dir") {
            found = trimmed(text.substr(equals + 1));
        }
    }
    return found;
}

std::vector<std::string> sortedNames(FileSystem& files, const std::string& folder) {
    auto names = files.names(folder).value_or(std::vector<std::string>());
    std::ranges::sort(names);
    return names;
}

class Import {
public:
    Import(DiskStore& store, FileSystem& files, std::string shares)
        : m_store(store), m_files(files), m_shares(std::move(shares)) {}

    [[nodiscard]] Result<ImportSummary> run(const std::function<bool(const ImportProgress&)>& goOn) {
        for (const std::string& first : sortedNames(m_files, m_shares)) {
            if (first == "incoming") {
                // Shares that nobody finished: the uploader begins them anew.
                continue;
            }
            for (const std::string& bucket : sortedNames(m_files, m_shares + '/' + first)) {
                const auto index = bucketOf(bucket);
                const std::string name = std::string(first).append(1, '/').append(bucket);
                if (!index) {
                    leaveOut(name, "not a storage index");
                    continue;
                }
                if (auto taken = takeBucket(*index, name); !taken) {
                    return failure(taken.error());
                }
                ++m_progress.buckets;
                if (m_progress.buckets % settledAtOnce == 0) {
                    if (auto settled = m_store.settleAdopted(); !settled) {
                        return failure(settled.error());
                    }
                }
                if (goOn && !goOn(m_progress)) {
                    m_summary.cancelled = true;
                    return m_summary;
                }
            }
        }
        return m_summary;
    }

private:
    void leaveOut(std::string name, std::string reason) {
        ++m_summary.leftOutCount;
        if (m_summary.leftOut.size() < mostNamedLeftOut) {
            m_summary.leftOut.push_back({std::move(name), std::move(reason)});
        }
    }

    [[nodiscard]] Result<void> takeBucket(StorageIndex index, const std::string& bucket) {
        for (const std::string& number : sortedNames(m_files, m_shares + '/' + bucket)) {
            const std::string name = std::string(bucket).append(1, '/').append(number);
            const auto share = shareNumOf(number);
            if (!share) {
                leaveOut(name, "not a share number");
                continue;
            }
            const std::string from = std::string(m_shares).append(1, '/').append(name);
            const auto file = m_files.open(from, FileSystem::Access::Read);
            const auto record = file ? readShareRecord(**file) : failure(file.error());
            const auto size = file ? (*file)->size() : failure(file.error());
            if (!record || !size) {
                leaveOut(name, record ? size.error().detail : record.error().detail);
                continue;
            }
            const auto taken = m_store.adopt({index, *share}, from, *size);
            if (!taken) {
                // A share that cannot be had is left out; a disk that is full or failing ends it.
                if (taken.error().code != ErrorCode::Conflict && taken.error().code != ErrorCode::NotFound) {
                    return failure(taken.error());
                }
                leaveOut(name, taken.error().detail);
                continue;
            }
            switch (*taken) {
            case DiskStore::Adopted::Linked: ++m_summary.linked; break;
            case DiskStore::Adopted::Copied: ++m_summary.copied; break;
            case DiskStore::Adopted::AlreadyThere: ++m_summary.alreadyThere; break;
            case DiskStore::Adopted::NoRoom: leaveOut(name, "no room is left for it"); continue;
            }
            ++m_progress.shares;
            m_progress.bytes += ByteCount(*size);
            if (*taken != DiskStore::Adopted::AlreadyThere) {
                m_summary.leases += record->leases;
                m_summary.bytes += ByteCount(*size);
            }
        }
        return {};
    }

    DiskStore& m_store;
    FileSystem& m_files;
    std::string m_shares;
    ImportProgress m_progress;
    ImportSummary m_summary;
};

}  // namespace

Result<std::filesystem::path> findTahoeStorage(const std::filesystem::path& node) {
    std::error_code ignored;
    const auto isStorage = [&](const std::filesystem::path& folder) {
        return std::filesystem::is_directory(folder / "shares", ignored);
    };
    // A storage folder by itself belongs to the node above it.
    for (const std::filesystem::path& folder : {node, std::filesystem::absolute(node, ignored).parent_path()}) {
        for (const char* const pidFile : {"running.process", "twistd.pid"}) {
            if (std::filesystem::exists(folder / "tahoe.cfg", ignored) && isRunning(folder / pidFile)) {
                return failure(ErrorCode::ProfileLocked, "the Tahoe-LAFS node is running; stop it first");
            }
        }
    }
    if (std::filesystem::exists(node / "tahoe.cfg", ignored)) {
        const std::filesystem::path storage = node / storageFolderIn(node / "tahoe.cfg");
        if (isStorage(storage)) {
            return storage;
        }
        return failure(ErrorCode::FileNotFound, "the node has no storage folder");
    }
    if (isStorage(node)) {
        return node;
    }
    return failure(ErrorCode::FileNotFound, "neither a Tahoe-LAFS node's folder nor its storage folder");
}

Result<ImportSummary> importTahoeShares(DiskStore& store, const std::filesystem::path& storageFolder,
                                        const std::function<bool(const ImportProgress&)>& goOn) {
    const std::string shares = (storageFolder / "shares").string();
    if (const auto names = store.files().names(shares); !names) {
        return failure(names.error().code == ErrorCode::NotFound ? ErrorCode::FileNotFound : ErrorCode::FileUnreadable,
                       names.error().detail);
    }
    store.waitUntilCounted();
    auto summary = Import(store, store.files(), shares).run(goOn);
    // Also what is there after a failure or a stop is to stay.
    if (auto settled = store.settleAdopted(); !settled && summary) {
        return failure(settled.error());
    }
    return summary;
}

}  // namespace tarn::bucketstore
