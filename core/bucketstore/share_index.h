#pragma once

#include "core/bucketstore/share_record.h"
#include "core/bucketstore/share_tree.h"
#include "core/bucketstore/usage_counter.h"
#include "core/foundation/ids.h"
#include "core/foundation/result.h"
#include "core/foundation/units.h"
#include "core/journal/database.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tarn::bucketstore {

/// A client in the index. 0 stands for all whose name is not known.
using ClientNumber = std::uint32_t;

struct IndexedLease {
    std::uint32_t expiry = 0;  ///< 0: the place is empty
    ClientNumber client = 0;
};

/// A share as the index has it.
struct IndexedShare {
    ShareKey key;
    ContainerKind kind = ContainerKind::Immutable;
    std::uint64_t bytes = 0;    ///< of the file
    std::int64_t modified = 0;  ///< EntryStatus::modified of the file
    std::uint32_t leaseCount = 0;
    std::optional<std::uint32_t> latest;  ///< when the last lease ends
    std::vector<IndexedLease> leases;     ///< by place in the container
};

/// What tells a share's row from the share's file without reading either's leases.
struct IndexedFile {
    ShareKey key;
    std::uint64_t bytes = 0;
    std::int64_t modified = 0;
};

struct ClientSum {
    std::string address;       ///< empty: those whose address is not known
    std::uint64_t shares = 0;  ///< on which the client has a lease, whether it lives or not
    ByteCount bytes;
};

/// What is noted of a first-level folder.
struct IndexedFolder {
    ShareSum sum;            ///< of its shares; holds only in an index that was closed
    std::int64_t round = 0;  ///< in which the folder was last compared with the index
};

/// A place among the shares in the order in which they end.
struct ExpiryPlace {
    std::uint32_t latest = 0;
    ShareKey key{StorageIndex(), ShareNum(0)};
};

/// What would go, or would have gone.
struct Expired {
    std::uint64_t shares = 0;
    ByteCount bytes;
    std::uint64_t clients = 0;    ///< that had taken the leases; the unknown ones count as one
    bool clientsAtLeast = false;  ///< there were so many shares that not all were asked for their clients
};

/// Which kinds of shares a question is about.
struct Kinds {
    bool immutableShares = true;
    bool mutableShares = true;
};

/// Where shares are and when their leases end, in SQLite. A copy of what the folders say, which alone are the truth.
///
/// Nothing in here is needed to serve a share. Commits reach the disk in their order but not at once: after a power cut
/// the index is whole and may be old, which `wasClosed` tells. Memory does not grow with the number of shares.
/// Thread: one. Fails, every call: ProfileDamaged (start anew with `discard`), DiskFull, FileUnwritable.
class ShareIndex {
public:
    /// Opens or makes it, and notes for good that it is open: until `close` it counts as not closed.
    [[nodiscard]] static Result<ShareIndex> open(const std::filesystem::path& file);
    /// Removes the file and what SQLite keeps beside it.
    static void discard(const std::filesystem::path& file);

    /// Whether the program that had it open before came to its end properly.
    [[nodiscard]] bool wasClosed() const noexcept { return m_wasClosed; }
    [[nodiscard]] Result<void> close();

    [[nodiscard]] Result<journal::Transaction> begin() { return journal::Transaction::begin(m_database); }

    [[nodiscard]] Result<std::optional<IndexedShare>> find(const ShareKey& key);
    [[nodiscard]] Result<void> put(const IndexedShare& share);
    [[nodiscard]] Result<void> remove(const ShareKey& key);
    /// The shares from one place to before another, in order.
    [[nodiscard]] Result<std::vector<IndexedFile>> between(StorageIndex first, std::optional<StorageIndex> end);

    /// Up to `most` shares behind `after` whose last lease ended by `lastExpired`, the longest ended first.
    [[nodiscard]] Result<std::vector<ExpiryPlace>> expired(std::uint32_t lastExpired, Kinds kinds,
                                                           const ExpiryPlace& after, std::size_t most);
    [[nodiscard]] Result<Expired> countExpired(std::uint32_t lastExpired, Kinds kinds);
    /// When the next lease ends that is later than `after`.
    [[nodiscard]] Result<std::optional<std::uint32_t>> nextEnd(std::uint32_t after, Kinds kinds);

    /// The number of a client, new if need be; 0 when there are too many.
    [[nodiscard]] Result<ClientNumber> clientNumber(std::string_view address);
    /// The clients with the most bytes.
    [[nodiscard]] Result<std::vector<ClientSum>> clients(std::size_t most);

    /// Of every first-level folder, by its number.
    [[nodiscard]] Result<std::vector<IndexedFolder>> folders();
    [[nodiscard]] Result<void> setFolder(std::uint32_t folder, const IndexedFolder& value);

    /// Numbers kept by name. 0 where none was set.
    [[nodiscard]] Result<std::int64_t> number(std::string_view name);
    [[nodiscard]] Result<void> setNumber(std::string_view name, std::int64_t value);

private:
    explicit ShareIndex(journal::Database database) : m_database(std::move(database)) {}

    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> account(const IndexedShare& share, std::int64_t sign);

    journal::Database m_database;
    bool m_wasClosed = false;
    std::optional<journal::Statement> m_find;
    std::optional<journal::Statement> m_put;
    std::optional<journal::Statement> m_remove;
    std::optional<journal::Statement> m_between;
    std::optional<journal::Statement> m_account;
    std::optional<journal::Statement> m_setNumber;
    std::optional<journal::Statement> m_number;
    std::optional<journal::Statement> m_client;
};

}  // namespace tarn::bucketstore
