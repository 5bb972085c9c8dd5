#include "core/bucketstore/caretaker.h"

#include <algorithm>
#include <limits>

namespace tarn::bucketstore {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t mostWaitingChanges = 4096;
constexpr std::size_t changesAtOnce = 1024;
/// Changes wait so long for others, so that many are taken down in one go.
constexpr milliseconds gatherTime{1000};
constexpr std::size_t expiredAtOnce = 32;
constexpr std::size_t reportedClients = 100;
/// A slice is followed by a rest of so many times its own length.
constexpr int restOfMending = 4;
constexpr int restOfChecking = 20;
constexpr milliseconds longestRest{1000};
/// Second-level folders of a slice, and the time after which no other is begun: in a store with few shares a folder
/// each would be more rests than work.
constexpr int foldersAtOnce = 64;
constexpr milliseconds lengthOfSlice{5};
constexpr milliseconds betweenLooks{30'000};
constexpr std::chrono::minutes afterTrouble{10};
constexpr std::chrono::hours betweenRounds{24};
constexpr std::chrono::seconds beforeTheIndexIsTriedAgain{60};

milliseconds restAfter(SteadyTime began, int times) {
    const auto took = std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - began);
    return std::min(took * times, longestRest);
}

}  // namespace

Caretaker::Caretaker(CaretakerParts parts) : m_parts(std::move(parts)), m_paused(m_parts.expiryPaused) {
    openIndex();
}

Caretaker::~Caretaker() {
    if (m_thread.joinable()) {
        m_thread.request_stop();
        m_wake.notify_all();
        m_thread.join();
    }
    m_closing = true;
    flush();
    closeIndex();
}

void Caretaker::start(UsageCounter& usage, bool ownThread) {
    m_usage = &usage;
    if (ownThread) {
        m_thread = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
}

void Caretaker::openIndex() {
    const auto tryOnce = [this]() -> Result<void> {
        auto index = ShareIndex::open(m_parts.indexFile);
        if (!index) {
            return failure(index.error());
        }
        const auto number = [&](const char* name) {
            return index->number(name);
        };
        const auto left = number("fingerprint");
        const auto agreed = number("agrees");
        const auto counted = number("counted");
        const auto round = number("round");
        const auto freedShares = number("freed shares");
        const auto freedBytes = number("freed bytes");
        const auto folders = index->folders();
        for (const auto* const read : {&left, &agreed, &counted, &round, &freedShares, &freedBytes}) {
            if (!*read) {
                return failure(read->error());
            }
        }
        if (!folders) {
            return failure(folders.error());
        }
        const bool untouched = index->wasClosed() && *left == fingerprint();
        if (untouched && *counted == 1) {
            m_knownSums.emplace();
            for (const IndexedFolder& folder : *folders) {
                m_knownSums->push_back(folder.sum);
            }
        }
        m_agrees = untouched && *agreed == 1;
        m_freedShares = static_cast<std::uint64_t>(*freedShares);
        m_freedBytes = static_cast<std::uint64_t>(*freedBytes);
        // A round that was cut short goes on where it was. After a kill nothing is certain, but what was not reached
        // then still comes first now.
        m_roundNumber = untouched && *agreed != 1 ? std::max<std::int64_t>(*round, 1) : *round + 1;
        std::vector<std::uint32_t> first;
        std::vector<std::uint32_t> then;
        for (std::uint32_t folder = 0; folder < folders->size(); ++folder) {
            ((*folders)[folder].round < *round || *round == 0 ? first : then).push_back(folder);
        }
        if (m_roundNumber != *round) {
            first.insert(first.end(), then.begin(), then.end());
        }
        m_round.begin(std::move(first));
        if (auto kept = index->setNumber("round", m_roundNumber); !kept) {
            return kept;
        }
        if (auto kept = index->setNumber("agrees", m_agrees ? 1 : 0); !kept) {
            return kept;
        }
        m_index = std::move(*index);
        return {};
    };
    m_knownSums.reset();
    auto opened = tryOnce();
    if (!opened && opened.error().code == ErrorCode::ProfileDamaged) {
        ShareIndex::discard(m_parts.indexFile);
        opened = tryOnce();
    }
    if (!opened) {
        m_index.reset();
        m_agrees = false;
        m_tryIndexAt = m_parts.clock->steadyNow() + beforeTheIndexIsTriedAgain;
    }
}

std::int64_t Caretaker::fingerprint() const {
    std::uint64_t hash = 14695981039346656037ULL;
    const auto mix = [&hash](std::int64_t value) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            hash = (hash ^ (static_cast<std::uint64_t>(value) >> shift & 0xffU)) * 1099511628211ULL;
        }
    };
    const auto modified = [this](const std::string& path) {
        const auto status = m_parts.files->status(path);
        return status ? status->modified : -1;
    };
    mix(modified(m_parts.sharesFolder));
    for (std::uint32_t folder = 0; folder < firstFolders; ++folder) {
        mix(modified(m_parts.sharesFolder + '/' + folderName(folder)));
    }
    return static_cast<std::int64_t>(hash);
}

void Caretaker::closeIndex() {
    const std::lock_guard work(m_work);
    if (!m_index || m_usage == nullptr) {
        return;
    }
    const auto sums = m_usage->folders();
    const bool written = inTransaction([&]() -> Result<void> {
        if (sums) {
            const auto folders = m_index->folders();
            if (!folders) {
                return failure(folders.error());
            }
            for (std::uint32_t folder = 0; folder < firstFolders; ++folder) {
                if (auto set = m_index->setFolder(folder, {(*sums)[folder], (*folders)[folder].round}); !set) {
                    return set;
                }
            }
        }
        const bool whole = m_agrees && m_missed.none();
        for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"fingerprint", fingerprint()},
                                          {"counted", sums ? 1 : 0},
                                          {"agrees", whole ? 1 : 0}}) {
            if (auto set = m_index->setNumber(name, value); !set) {
                return set;
            }
        }
        return {};
    });
    if (written && m_index) {
        // Where this fails the next start takes it for a stop without warning, which costs a round and nothing else.
        (void)m_index->close();
    }
    m_index.reset();
}

void Caretaker::handle(const Error& error) {
    m_index.reset();
    m_agrees = false;
    if (error.code == ErrorCode::ProfileDamaged) {
        ShareIndex::discard(m_parts.indexFile);
        openIndex();
        return;
    }
    m_tryIndexAt = m_parts.clock->steadyNow() + beforeTheIndexIsTriedAgain;
}

template <typename Work>
bool Caretaker::inTransaction(const Work& work) {
    if (!m_index) {
        return false;
    }
    Result<void> done;
    {
        auto transaction = m_index->begin();
        done = transaction ? work() : failure(transaction.error());
        if (done) {
            done = transaction->commit();
        }
    }
    if (!done) {
        handle(done.error());
    }
    return done.has_value();
}

void Caretaker::note(const ShareKey& share, std::uint32_t place, std::string_view client) {
    std::size_t waiting = 0;
    {
        const std::lock_guard lock(m_mutex);
        if (m_changes.size() >= mostWaitingChanges) {
            m_missed.set(firstFolderOf(share.first));
            return;
        }
        m_changes.push_back({share, place, std::string(client)});
        waiting = m_changes.size();
    }
    // The first wakes it, and so does the one with which there are enough for one go.
    if (waiting == 1 || waiting == changesAtOnce) {
        m_wake.notify_all();
    }
}

void Caretaker::missed(const std::vector<Change>& changes) {
    const std::lock_guard lock(m_mutex);
    for (const Change& change : changes) {
        m_missed.set(firstFolderOf(change.share.first));
    }
}

void Caretaker::takeDown(const std::vector<Change>& changes) {
    const bool done = inTransaction([&]() -> Result<void> {
        for (const Change& change : changes) {
            if (auto refreshed = refresh(change.share, change.place, change.client); !refreshed) {
                return refreshed;
            }
        }
        return {};
    });
    if (!done) {
        missed(changes);
    }
}

Result<void> Caretaker::refresh(const ShareKey& share, std::uint32_t place, std::string_view client) {
    const std::string path = m_parts.tree->sharePath(share.first, share.second);
    // The status first: what changes after it shows as a difference in the next round.
    const auto status = m_parts.files->status(path);
    if (!status || !status->isFile) {
        return m_index->remove(share);
    }
    IndexedShare row;
    row.key = share;
    row.bytes = status->size;
    row.modified = status->modified;
    const auto file = m_parts.files->open(path, FileSystem::Access::Read);
    const auto record = file ? readShareRecord(**file) : failure(file.error());
    if (!record) {
        // It is there, and nobody can tell for how long it is wanted: it is never removed by itself.
        return m_index->put(row);
    }
    const auto old = m_index->find(share);
    if (!old) {
        return failure(old.error());
    }
    ClientNumber number = 0;
    if ((place < record->expiries.size() || place == whicheverLease) && !client.empty()) {
        const auto known = m_index->clientNumber(client);
        if (!known) {
            return failure(known.error());
        }
        number = *known;
    }
    row.kind = record->kind;
    row.leaseCount = record->leases;
    row.latest = record->latest;
    row.leases.reserve(record->expiries.size());
    for (std::size_t i = 0; i < record->expiries.size(); ++i) {
        const bool had = *old && i < (*old)->leases.size() && (*old)->leases[i].expiry != 0;
        const ClientNumber before = had ? (*old)->leases[i].client : 0;
        const bool changed = !had || (*old)->leases[i].expiry != record->expiries[i];
        const bool theirs = i == place || (place == whicheverLease && changed);
        row.leases.push_back({record->expiries[i], theirs && number != 0 ? number : before});
    }
    return m_index->put(row);
}

Kinds Caretaker::kinds() const noexcept {
    return {m_parts.expiry.immutableShares, m_parts.expiry.mutableShares};
}

std::optional<milliseconds> Caretaker::expireSlice() {
    const SteadyTime now = m_parts.clock->steadyNow();
    if (m_parts.expiry.mode == ExpiryPolicy::Mode::Off || m_paused || (m_nextExpiry && now < *m_nextExpiry)) {
        return std::nullopt;
    }
    const SteadyTime began = std::chrono::steady_clock::now();
    const std::uint32_t last = m_parts.expiry.lastExpired(m_parts.clock->wallNow());
    std::size_t looked = 0;
    const bool done = inTransaction([&]() -> Result<void> {
        const auto due = m_index->expired(last, kinds(), m_expiryPlace, expiredAtOnce);
        if (!due) {
            return failure(due.error());
        }
        for (const ExpiryPlace& place : *due) {
            const auto outcome = m_parts.removeIfExpired(place.key);
            m_expiryTrouble = m_expiryTrouble || (!outcome && outcome.error().code != ErrorCode::NotFound);
            if (outcome && outcome->removed) {
                ++m_freedShares;
                m_freedBytes += outcome->bytes;
            }
            if (auto refreshed = refresh(place.key, noLeasePlace, {}); !refreshed) {
                return refreshed;
            }
            m_expiryPlace = place;
        }
        looked = due->size();
        if (looked == 0) {
            return {};
        }
        if (auto kept = m_index->setNumber("freed shares", static_cast<std::int64_t>(m_freedShares)); !kept) {
            return kept;
        }
        return m_index->setNumber("freed bytes", static_cast<std::int64_t>(m_freedBytes));
    });
    if (!done || looked == expiredAtOnce) {
        return restAfter(began, restOfMending);
    }
    // All that is over has been looked at. The next look is for what ends next; after a failure, soon.
    m_expiryPlace = {};
    const auto next = m_index->nextEnd(last, kinds());
    if (!next) {
        handle(next.error());
        return milliseconds(0);
    }
    std::chrono::seconds wait = std::chrono::duration_cast<std::chrono::seconds>(betweenLooks);
    if (*next && m_parts.expiry.mode == ExpiryPolicy::Mode::Age) {
        wait = std::min(wait, std::chrono::seconds(**next - last));
    }
    if (m_expiryTrouble) {
        wait = std::min<std::chrono::seconds>(wait, afterTrouble);
        m_expiryTrouble = false;
    }
    m_nextExpiry = now + wait;
    return milliseconds(0);
}

std::optional<milliseconds> Caretaker::roundSlice() {
    const SteadyTime now = m_parts.clock->steadyNow();
    std::vector<std::uint32_t> missedFolders;
    {
        const std::lock_guard lock(m_mutex);
        for (std::uint32_t folder = 0; m_missed.any() && folder < firstFolders; ++folder) {
            if (m_missed.test(folder)) {
                m_missed.reset(folder);
                missedFolders.push_back(folder);
            }
        }
    }
    for (const std::uint32_t folder : missedFolders) {
        m_agrees = false;
        m_round.add(folder);
        if (auto noted = m_index->setFolder(folder, {}); !noted) {
            handle(noted.error());
            return longestRest;
        }
    }
    if (m_round.done()) {
        if (m_roundDone && now - *m_roundDone < betweenRounds) {
            return std::nullopt;
        }
        std::vector<std::uint32_t> all(firstFolders);
        for (std::uint32_t folder = 0; folder < firstFolders; ++folder) {
            all[folder] = folder;
        }
        m_round.begin(std::move(all));
        ++m_roundNumber;
    }
    const SteadyTime began = std::chrono::steady_clock::now();
    std::vector<std::uint32_t> differed;
    const bool done = inTransaction([&]() -> Result<void> {
        for (int i = 0; i < foldersAtOnce && (i == 0 || std::chrono::steady_clock::now() - began < lengthOfSlice);
             ++i) {
            const auto finished =
                m_round.step(*m_parts.files, m_parts.sharesFolder, *m_index,
                             [this](const ShareKey& share) { return refresh(share, noLeasePlace, {}); });
            if (!finished) {
                return failure(finished.error());
            }
            if (!*finished) {
                continue;
            }
            if (auto kept = m_index->setFolder((*finished)->folder, {{}, m_roundNumber}); !kept) {
                return kept;
            }
            if ((*finished)->differed) {
                differed.push_back((*finished)->folder);
            }
            if (m_round.done()) {
                if (auto kept = m_index->setNumber("round", m_roundNumber); !kept) {
                    return kept;
                }
                return m_index->setNumber("agrees", 1);
            }
        }
        return {};
    });
    if (!done) {
        m_round.restart();
        return longestRest;
    }
    for (const std::uint32_t folder : differed) {
        if (m_agrees && m_usage->certain()) {
            // Somebody was at the folder by hand: what was known of its sum may be wrong too.
            m_usage->recount(folder);
        }
    }
    const int rest = m_agrees ? restOfChecking : restOfMending;
    if (m_round.done()) {
        m_agrees = true;
        m_roundDone = now;
    }
    return restAfter(began, rest);
}

milliseconds Caretaker::turn() {
    const std::lock_guard work(m_work);
    std::vector<Change> changes;
    std::vector<std::promise<void>> flushes;
    std::vector<std::promise<StoreReport>> reports;
    bool more = false;
    {
        const std::lock_guard lock(m_mutex);
        if (m_changes.size() <= changesAtOnce) {
            changes.swap(m_changes);
            flushes.swap(m_flushes);
            reports.swap(m_reports);
        } else {
            const auto end = m_changes.begin() + static_cast<std::ptrdiff_t>(changesAtOnce);
            changes.assign(std::make_move_iterator(m_changes.begin()), std::make_move_iterator(end));
            m_changes.erase(m_changes.begin(), end);
            more = true;
        }
    }
    if (!m_index && m_parts.clock->steadyNow() >= m_tryIndexAt) {
        openIndex();
    }
    if (!changes.empty()) {
        m_parts.settle();
        takeDown(changes);
    }
    for (std::promise<void>& flush : flushes) {
        flush.set_value();
    }
    for (std::promise<StoreReport>& report : reports) {
        report.set_value(makeReport());
    }
    if (more || !changes.empty() || m_closing) {
        return milliseconds(0);
    }
    if (!m_index) {
        return longestRest;
    }
    auto rest = expireSlice();
    if (!rest && m_index) {
        rest = roundSlice();
    }
    if (rest) {
        return *rest;
    }
    if (!m_nextExpiry || m_paused) {
        return betweenLooks;
    }
    const auto until = std::chrono::ceil<milliseconds>(*m_nextExpiry - m_parts.clock->steadyNow());
    return std::clamp(until, milliseconds(1), betweenLooks);
}

void Caretaker::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const milliseconds rest = turn();
        std::unique_lock lock(m_mutex);
        const auto asked = [&] {
            return stop.stop_requested() || !m_flushes.empty() || !m_reports.empty();
        };
        m_wake.wait_for(lock, rest, [&] { return asked() || !m_changes.empty(); });
        if (!asked() && !m_changes.empty()) {
            m_wake.wait_for(lock, gatherTime, [&] { return asked() || m_changes.size() >= changesAtOnce; });
        }
    }
}

void Caretaker::flush() {
    std::future<void> done;
    {
        const std::lock_guard lock(m_mutex);
        done = m_flushes.emplace_back().get_future();
    }
    if (m_thread.joinable()) {
        m_wake.notify_all();
        done.wait();
        return;
    }
    while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        (void)turn();
    }
}

StoreReport Caretaker::report() {
    std::future<StoreReport> report;
    {
        const std::lock_guard lock(m_mutex);
        report = m_reports.emplace_back().get_future();
    }
    m_wake.notify_all();
    while (!m_thread.joinable() && report.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        (void)turn();
    }
    return report.get();
}

void Caretaker::pauseExpiry(bool paused) {
    m_paused = paused;
    const std::lock_guard inHand(m_work);
}

StoreReport Caretaker::makeReport() {
    StoreReport report;
    report.counted = m_usage != nullptr && m_usage->certain();
    report.expiry.policy = m_parts.expiry;
    report.expiry.paused = m_paused;
    report.expiry.freedShares = m_freedShares;
    report.expiry.freedBytes = ByteCount(m_freedBytes);
    if (!m_index) {
        return report;
    }
    report.index = m_agrees ? IndexState::Agrees : IndexState::Mending;
    report.comparedPercent = static_cast<unsigned>(
        (firstFolders - std::min<std::size_t>(m_round.left(), firstFolders)) * 100 / firstFolders);
    const std::uint32_t last = m_parts.expiry.lastExpired(m_parts.clock->wallNow());
    auto clients = m_index->clients(reportedClients);
    const auto due = m_index->countExpired(last, kinds());
    const auto next = m_index->nextEnd(last, kinds());
    if (!clients || !due || !next) {
        handle(!clients ? clients.error() : !due ? due.error() : next.error());
        report.index = IndexState::Mending;
        return report;
    }
    report.clients = std::move(*clients);
    report.expiry.due = *due;
    report.expiry.nextEnd = *next;
    return report;
}

}  // namespace tarn::bucketstore
