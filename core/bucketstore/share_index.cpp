#include "core/bucketstore/share_index.h"

#include <algorithm>
#include <array>
#include <set>
#include <system_error>

namespace tarn::bucketstore {

namespace {

constexpr std::int64_t applicationId = 0x7461726e;  // "tarn"
constexpr std::int64_t schemaVersion = 1;
constexpr std::int64_t mostClients = 10'000;
/// Of how many shares that would go the clients are looked up.
constexpr std::int64_t mostAskedForClients = 20'000;

// `latest` is null where a share has no lease. The second index carries all that the questions about expiry need, in
// the order in which they walk it. Caches are small on purpose: the system's own is behind them.
constexpr const char* schema = R"(
CREATE TABLE shares(
    bucket BLOB NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, bytes INTEGER NOT NULL,
    modified INTEGER NOT NULL, lease_count INTEGER NOT NULL, latest INTEGER, leases BLOB NOT NULL,
    PRIMARY KEY(bucket, number)) WITHOUT ROWID;
CREATE INDEX shares_by_end ON shares(latest, bucket, number, kind, bytes);
CREATE TABLE clients(number INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE, shares INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0);
INSERT INTO clients(number, address) VALUES(0, '');
CREATE TABLE folders(folder INTEGER PRIMARY KEY, shares INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    round INTEGER NOT NULL DEFAULT 0);
CREATE TABLE numbers(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
)";
constexpr const char* settings = "PRAGMA journal_mode=WAL; PRAGMA cache_size=-512; PRAGMA mmap_size=0;"
                                 "PRAGMA temp_store=FILE; PRAGMA locking_mode=EXCLUSIVE;"
                                 "PRAGMA wal_autocheckpoint=500; PRAGMA journal_size_limit=4194304";

constexpr std::size_t packedLease = 8;

void pack(Bytes& out, std::uint32_t value) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        out.push_back(static_cast<Byte>(value >> shift));
    }
}

std::uint32_t unpack(ByteView bytes) {
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U |
           std::uint32_t{bytes[3]};
}

std::vector<IndexedLease> unpackLeases(ByteView bytes) {
    std::vector<IndexedLease> leases;
    leases.reserve(bytes.size() / packedLease);
    for (; bytes.size() >= packedLease; bytes = bytes.subspan(packedLease)) {
        leases.push_back({unpack(bytes), unpack(bytes.subspan(4))});
    }
    return leases;
}

std::set<ClientNumber> clientsOf(const std::vector<IndexedLease>& leases) {
    std::set<ClientNumber> clients;
    for (const IndexedLease& lease : leases) {
        if (lease.expiry != 0) {
            clients.insert(lease.client);
        }
    }
    return clients;
}

Result<ShareKey> keyFrom(const journal::Statement& row, int column) {
    const auto bucket = StorageIndex::fromBytes(row.bytes(column));
    const std::int64_t number = row.integer(column + 1);
    if (!bucket || number < 0 || number > 255) {
        return failure(ErrorCode::ProfileDamaged, "the index names an impossible share");
    }
    return ShareKey(*bucket, ShareNum(static_cast<std::uint16_t>(number)));
}

std::optional<std::uint32_t> optionalSeconds(const journal::Statement& row, int column) {
    return row.isNull(column) ? std::nullopt : std::optional(static_cast<std::uint32_t>(row.integer(column)));
}

void bindKinds(journal::Statement& statement, int parameter, Kinds kinds) {
    // Kinds are 0 and 1; a number that is neither shuts one out.
    statement.bind(parameter, std::int64_t{kinds.immutableShares ? 0 : -1});
    statement.bind(parameter + 1, std::int64_t{kinds.mutableShares ? 1 : -1});
}

}  // namespace

Result<ShareIndex> ShareIndex::open(const std::filesystem::path& file) {
    auto database = journal::Database::open(file);
    if (!database) {
        return failure(database.error());
    }
    ShareIndex index(std::move(*database));
    if (auto prepared = index.prepare(); !prepared) {
        return failure(prepared.error());
    }
    return index;
}

void ShareIndex::discard(const std::filesystem::path& file) {
    for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
        std::error_code ignored;
        std::filesystem::remove(file.string() + suffix, ignored);
    }
}

Result<void> ShareIndex::prepare() {
    const auto application = m_database.number("PRAGMA application_id");
    const auto version = application ? m_database.number("PRAGMA user_version") : application;
    const auto tables = version ? m_database.number("SELECT count(*) FROM sqlite_master") : version;
    if (!tables) {
        return failure(tables.error());
    }
    const bool fresh = *tables == 0;
    if (!fresh && (*application != applicationId || *version != schemaVersion)) {
        return failure(ErrorCode::ProfileDamaged, "not an index of this program's");
    }
    if (auto set = m_database.execute(settings); !set) {
        return set;
    }
    if (fresh) {
        const std::string made = std::string("PRAGMA synchronous=FULL; BEGIN IMMEDIATE;") + schema +
                                 "PRAGMA application_id=" + std::to_string(applicationId) +
                                 "; PRAGMA user_version=" + std::to_string(schemaVersion) + "; COMMIT";
        if (auto done = m_database.execute(made.c_str()); !done) {
            return done;
        }
    }
    const std::array<std::pair<std::optional<journal::Statement>*, const char*>, 8> statements{{
        {&m_find, "SELECT kind, bytes, modified, lease_count, latest, leases FROM shares WHERE bucket=? AND number=?"},
        {&m_put, "INSERT OR REPLACE INTO shares(bucket, number, kind, bytes, modified, lease_count, latest, leases) "
                 "VALUES(?, ?, ?, ?, ?, ?, ?, ?)"},
        {&m_remove, "DELETE FROM shares WHERE bucket=? AND number=?"},
        {&m_between, "SELECT bucket, number, bytes, modified FROM shares WHERE bucket>=? AND bucket<? "
                     "ORDER BY bucket, number"},
        {&m_account, "UPDATE clients SET shares=shares+?, bytes=bytes+? WHERE number=?"},
        {&m_setNumber, "INSERT OR REPLACE INTO numbers(name, value) VALUES(?, ?)"},
        {&m_number, "SELECT value FROM numbers WHERE name=?"},
        {&m_client, "SELECT number FROM clients WHERE address=?"},
    }};
    for (const auto& [statement, sql] : statements) {
        auto prepared = m_database.prepare(sql);
        if (!prepared) {
            return failure(prepared.error());
        }
        *statement = std::move(*prepared);
    }
    const auto closed = number("closed");
    if (!closed) {
        return failure(closed.error());
    }
    m_wasClosed = *closed == 1;
    // That it is open must be on the disk before the first change that a power cut may take from it.
    if (auto full = m_database.execute("PRAGMA synchronous=FULL"); !full) {
        return full;
    }
    if (auto noted = setNumber("closed", 0); !noted) {
        return noted;
    }
    return m_database.execute("PRAGMA synchronous=NORMAL");
}

Result<void> ShareIndex::close() {
    if (auto full = m_database.execute("PRAGMA synchronous=FULL"); !full) {
        return full;
    }
    return setNumber("closed", 1);
}

Result<std::optional<IndexedShare>> ShareIndex::find(const ShareKey& key) {
    m_find->bindBytes(1, key.first.bytes());
    m_find->bind(2, std::int64_t{key.second.value()});
    const auto row = m_find->step();
    std::optional<IndexedShare> found;
    if (row && *row) {
        found = IndexedShare{key,
                             m_find->integer(0) == 0 ? ContainerKind::Immutable : ContainerKind::Mutable,
                             static_cast<std::uint64_t>(m_find->integer(1)),
                             m_find->integer(2),
                             static_cast<std::uint32_t>(m_find->integer(3)),
                             optionalSeconds(*m_find, 4),
                             unpackLeases(m_find->bytes(5))};
    }
    m_find->finish();
    if (!row) {
        return failure(row.error());
    }
    return found;
}

Result<void> ShareIndex::account(const IndexedShare& share, std::int64_t sign) {
    for (const ClientNumber client : clientsOf(share.leases)) {
        m_account->bind(1, sign);
        m_account->bind(2, sign * static_cast<std::int64_t>(share.bytes));
        m_account->bind(3, std::int64_t{client});
        if (auto done = m_account->run(); !done) {
            return done;
        }
    }
    return {};
}

Result<void> ShareIndex::put(const IndexedShare& share) {
    const auto old = find(share.key);
    if (!old) {
        return failure(old.error());
    }
    const bool sameSums = *old && (*old)->bytes == share.bytes && clientsOf((*old)->leases) == clientsOf(share.leases);
    if (*old && !sameSums) {
        if (auto done = account(**old, -1); !done) {
            return done;
        }
    }
    Bytes leases;
    leases.reserve(share.leases.size() * packedLease);
    for (const IndexedLease& lease : share.leases) {
        pack(leases, lease.expiry);
        pack(leases, lease.client);
    }
    m_put->bindBytes(1, share.key.first.bytes());
    m_put->bind(2, std::int64_t{share.key.second.value()});
    m_put->bind(3, static_cast<std::int64_t>(share.kind));
    m_put->bind(4, static_cast<std::int64_t>(share.bytes));
    m_put->bind(5, share.modified);
    m_put->bind(6, std::int64_t{share.leaseCount});
    if (share.latest) {
        m_put->bind(7, std::int64_t{*share.latest});
    } else {
        m_put->bindNull(7);
    }
    m_put->bindBytes(8, leases);
    if (auto done = m_put->run(); !done) {
        return done;
    }
    return sameSums ? Result<void>() : account(share, 1);
}

Result<void> ShareIndex::remove(const ShareKey& key) {
    const auto old = find(key);
    if (!old) {
        return failure(old.error());
    }
    if (!*old) {
        return {};
    }
    m_remove->bindBytes(1, key.first.bytes());
    m_remove->bind(2, std::int64_t{key.second.value()});
    auto done = m_remove->run();
    return done ? account(**old, -1) : done;
}

Result<std::vector<IndexedFile>> ShareIndex::between(StorageIndex first, std::optional<StorageIndex> end) {
    m_between->bindBytes(1, first.bytes());
    if (end) {
        m_between->bindBytes(2, end->bytes());
    } else {
        // Longer than any storage index, so behind them all.
        std::array<Byte, StorageIndex::size + 1> behind;
        behind.fill(0xff);
        m_between->bindBytes(2, behind);
    }
    std::vector<IndexedFile> found;
    Result<bool> more = true;
    while ((more = m_between->step()) && *more) {
        const auto key = keyFrom(*m_between, 0);
        if (!key) {
            more = failure(key.error());
            break;
        }
        found.push_back({*key, static_cast<std::uint64_t>(m_between->integer(2)), m_between->integer(3)});
    }
    m_between->finish();
    return more ? Result<std::vector<IndexedFile>>(std::move(found)) : failure(more.error());
}

Result<std::vector<ExpiryPlace>> ShareIndex::expired(std::uint32_t lastExpired, Kinds kinds, const ExpiryPlace& after,
                                                     std::size_t most) {
    auto asked = m_database.prepare("SELECT latest, bucket, number FROM shares WHERE latest<=? AND "
                                    "(latest, bucket, number)>(?, ?, ?) AND kind IN (?, ?) "
                                    "ORDER BY latest, bucket, number LIMIT ?");
    if (!asked) {
        return failure(asked.error());
    }
    asked->bind(1, std::int64_t{lastExpired});
    asked->bind(2, std::int64_t{after.latest});
    asked->bindBytes(3, after.key.first.bytes());
    asked->bind(4, std::int64_t{after.key.second.value()});
    bindKinds(*asked, 5, kinds);
    asked->bind(7, static_cast<std::int64_t>(most));
    std::vector<ExpiryPlace> found;
    Result<bool> more = true;
    while ((more = asked->step()) && *more) {
        const auto key = keyFrom(*asked, 1);
        if (!key) {
            return failure(key.error());
        }
        found.push_back({static_cast<std::uint32_t>(asked->integer(0)), *key});
    }
    return more ? Result<std::vector<ExpiryPlace>>(std::move(found)) : failure(more.error());
}

Result<Expired> ShareIndex::countExpired(std::uint32_t lastExpired, Kinds kinds) {
    auto sums = m_database.prepare("SELECT count(*), coalesce(sum(bytes), 0) FROM shares WHERE latest<=? AND "
                                   "kind IN (?, ?)");
    if (!sums) {
        return failure(sums.error());
    }
    sums->bind(1, std::int64_t{lastExpired});
    bindKinds(*sums, 2, kinds);
    Expired result;
    if (const auto row = sums->step(); !row) {
        return failure(row.error());
    }
    result.shares = static_cast<std::uint64_t>(sums->integer(0));
    result.bytes = ByteCount(static_cast<std::uint64_t>(sums->integer(1)));

    auto asked = m_database.prepare("SELECT leases FROM shares WHERE latest<=? AND kind IN (?, ?) "
                                    "ORDER BY latest LIMIT ?");
    if (!asked) {
        return failure(asked.error());
    }
    asked->bind(1, std::int64_t{lastExpired});
    bindKinds(*asked, 2, kinds);
    asked->bind(4, mostAskedForClients);
    std::set<ClientNumber> clients;
    Result<bool> more = true;
    while ((more = asked->step()) && *more) {
        clients.merge(clientsOf(unpackLeases(asked->bytes(0))));
    }
    if (!more) {
        return failure(more.error());
    }
    result.clients = clients.size();
    result.clientsAtLeast = result.shares > static_cast<std::uint64_t>(mostAskedForClients);
    return result;
}

Result<std::optional<std::uint32_t>> ShareIndex::nextEnd(std::uint32_t after, Kinds kinds) {
    auto asked = m_database.prepare("SELECT latest FROM shares WHERE latest>? AND kind IN (?, ?) "
                                    "ORDER BY latest LIMIT 1");
    if (!asked) {
        return failure(asked.error());
    }
    asked->bind(1, std::int64_t{after});
    bindKinds(*asked, 2, kinds);
    const auto row = asked->step();
    if (!row) {
        return failure(row.error());
    }
    return *row ? optionalSeconds(*asked, 0) : std::nullopt;
}

Result<ClientNumber> ShareIndex::clientNumber(std::string_view address) {
    m_client->bind(1, address);
    const auto row = m_client->step();
    const auto known = row && *row ? static_cast<ClientNumber>(m_client->integer(0)) : ClientNumber{0};
    m_client->finish();
    if (!row) {
        return failure(row.error());
    }
    if (*row) {
        return known;
    }
    const auto count = m_database.number("SELECT count(*) FROM clients");
    if (!count) {
        return failure(count.error());
    }
    if (*count > mostClients) {
        return 0;
    }
    auto added = m_database.prepare("INSERT INTO clients(address) VALUES(?)");
    if (!added) {
        return failure(added.error());
    }
    added->bind(1, address);
    if (auto done = added->run(); !done) {
        return failure(done.error());
    }
    return static_cast<ClientNumber>(m_database.lastRowId());
}

Result<std::vector<ClientSum>> ShareIndex::clients(std::size_t most) {
    auto asked = m_database.prepare("SELECT address, shares, bytes FROM clients WHERE shares>0 "
                                    "ORDER BY bytes DESC, address LIMIT ?");
    if (!asked) {
        return failure(asked.error());
    }
    asked->bind(1, static_cast<std::int64_t>(most));
    std::vector<ClientSum> found;
    Result<bool> more = true;
    while ((more = asked->step()) && *more) {
        found.push_back({asked->text(0), static_cast<std::uint64_t>(asked->integer(1)),
                         ByteCount(static_cast<std::uint64_t>(asked->integer(2)))});
    }
    return more ? Result<std::vector<ClientSum>>(std::move(found)) : failure(more.error());
}

Result<std::vector<IndexedFolder>> ShareIndex::folders() {
    auto asked = m_database.prepare("SELECT folder, shares, bytes, round FROM folders WHERE folder>=0 AND folder<?");
    if (!asked) {
        return failure(asked.error());
    }
    asked->bind(1, std::int64_t{firstFolders});
    std::vector<IndexedFolder> found(firstFolders);
    Result<bool> more = true;
    while ((more = asked->step()) && *more) {
        found[static_cast<std::size_t>(asked->integer(0))] = {
            {static_cast<std::uint64_t>(asked->integer(1)), static_cast<std::uint64_t>(asked->integer(2))},
            asked->integer(3)};
    }
    return more ? Result<std::vector<IndexedFolder>>(std::move(found)) : failure(more.error());
}

Result<void> ShareIndex::setFolder(std::uint32_t folder, const IndexedFolder& value) {
    auto put = m_database.prepare("INSERT OR REPLACE INTO folders(folder, shares, bytes, round) VALUES(?, ?, ?, ?)");
    if (!put) {
        return failure(put.error());
    }
    put->bind(1, std::int64_t{folder});
    put->bind(2, static_cast<std::int64_t>(value.sum.shares));
    put->bind(3, static_cast<std::int64_t>(value.sum.bytes));
    put->bind(4, value.round);
    return put->run();
}

Result<std::int64_t> ShareIndex::number(std::string_view name) {
    m_number->bind(1, name);
    const auto row = m_number->step();
    const std::int64_t value = row && *row ? m_number->integer(0) : 0;
    m_number->finish();
    return row ? Result<std::int64_t>(value) : failure(row.error());
}

Result<void> ShareIndex::setNumber(std::string_view name, std::int64_t value) {
    m_setNumber->bind(1, name);
    m_setNumber->bind(2, value);
    return m_setNumber->run();
}

}  // namespace tarn::bucketstore
