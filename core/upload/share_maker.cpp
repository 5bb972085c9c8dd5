#include "core/upload/share_maker.h"

#include <algorithm>
#include <utility>

namespace tarn::upload {

namespace {

constexpr std::uint64_t leastWindow = 8 * 1024 * 1024;

template <typename T>
async::Task<T> onPool(std::shared_ptr<QThreadPool> pool, std::function<Result<T>()> work) {
    co_return co_await async::runOn(*pool, std::move(work));
}

std::shared_ptr<QThreadPool> cpuOf(const std::shared_ptr<async::Pools>& pools) {
    return {pools, &pools->cpu};
}

std::shared_ptr<QThreadPool> diskOf(const std::shared_ptr<async::Pools>& pools) {
    return {pools, &pools->disk};
}

}  // namespace

Result<MadeWhole> makeWhole(const formats::Geometry& geometry, const crypto::FileKey& key,
                            std::shared_ptr<Bytes> plaintext) {
    const auto encoder = SegmentEncoder::make(geometry, key);
    if (!encoder) {
        return failure(encoder.error());
    }
    const Wanted all(geometry.total, true);
    MadeWhole made;
    made.run = std::make_shared<EncodedRun>(encoder->encode(RunPlan(geometry).run(0), std::move(plaintext), all,
                                                            shareHeaderOf(geometry), tailSizeOf(geometry)));
    FileHashes hashes(geometry);
    made.sealed = hashRun(hashes, *made.run, true);
    return made;
}

ShareMaker::ShareMaker(Prepared prepared, std::shared_ptr<async::Pools> pools, std::shared_ptr<SharedWindow> window,
                       std::vector<ShareLane>& lanes, async::TaskScope& scope, std::function<void(Event)> tell)
    : m_prepared(std::move(prepared)), m_pools(std::move(pools)), m_lanes(lanes), m_scope(scope),
      m_tell(std::move(tell)), m_hashes(std::make_shared<FileHashes>(m_prepared.geometry)), m_runs(m_prepared.geometry),
      m_window(std::move(window)), m_part(*m_window, [tell = m_tell] { tell(RoomCame{}); }) {
    // One run goes out while the next is made; when a quarter of the first has been confirmed, there is room for that.
    m_most = std::max(leastWindow, 7 * runCost(0) / 4);
}

Result<void> ShareMaker::start() {
    if (auto whole = std::exchange(m_prepared.whole, {}); whole.sealed) {
        m_nextToRead = 1;
        m_nextToHash = m_prepared.geometry.segmentCount;
        m_part.hold(heldBy(*whole.run) - whole.run->ciphertext->size());
        m_sealed = std::move(whole.sealed);
        handOut(*whole.run, true);
        return {};
    }
    auto encoder = SegmentEncoder::make(m_prepared.geometry, m_prepared.key, m_window->buffers());
    if (!encoder) {
        return failure(encoder.error());
    }
    m_encoder = std::make_shared<const SegmentEncoder>(std::move(*encoder));
    if (m_prepared.plaintext) {
        m_part.hold(runCost(0));
        m_nextToRead = 1;
        encode(0, std::exchange(m_prepared.plaintext, nullptr));
    }
    readNextRun();
    return {};
}

Result<void> ShareMaker::on(Event event) {
    if (auto* const read = std::get_if<RunRead>(&event)) {
        return on(*read);
    }
    if (auto* const encoded = std::get_if<RunEncoded>(&event)) {
        on(*encoded);
        return {};
    }
    if (auto* const hashed = std::get_if<RunHashed>(&event)) {
        return on(*hashed);
    }
    return {};
}

Result<void> ShareMaker::on(RunRead& event) {
    m_reading = false;
    if (!event.plaintext) {
        return failure(event.plaintext.error());
    }
    if (!m_stopped) {
        encode(event.number, std::move(*event.plaintext));
    }
    return {};
}

void ShareMaker::on(RunEncoded& event) {
    --m_encoding;
    m_part.hold(heldBy(*event.run));
    m_part.letGo(runCost(event.run->run.firstSegment / m_runs.run(0).segmentCount));
    m_encoded.emplace(event.run->run.firstSegment, std::move(event.run));
    hashNextRun();
}

Result<void> ShareMaker::on(RunHashed& event) {
    m_hashing = false;
    m_part.letGo(event.run->ciphertext->size());
    if (event.sealed) {
        if (const auto& before = m_prepared.before;
            before && before->uriExtensionHash() != event.sealed->uriExtensionHash()) {
            return failure(ErrorCode::FileChanged, "it was changed while it was read");
        }
        m_part.hold(tailSizeOf(m_prepared.geometry) *
                    static_cast<std::uint64_t>(
                        std::ranges::count_if(event.run->shareBytes, [](const auto& bytes) { return !!bytes; })));
        m_sealed = std::move(event.sealed);
        handOut(*event.run, true);
    }
    hashNextRun();
    return {};
}

void ShareMaker::readNextRun() {
    const auto mostEncoding = static_cast<unsigned>(std::max(1, m_pools->cpu.maxThreadCount()));
    if (m_reading || m_stopped || m_nextToRead == m_runs.count() || m_encoding >= mostEncoding ||
        !m_part.askForRoom(runCost(m_nextToRead), m_most)) {
        return;
    }
    const std::uint64_t number = m_nextToRead++;
    const bool last = m_nextToRead == m_runs.count();
    m_part.hold(runCost(number));
    m_reading = true;
    auto read = [source = m_prepared.source, encoder = m_encoder, run = m_runs.run(number),
                 offset = ByteOffset(m_runs.offset(number)), last]() -> Result<std::shared_ptr<Bytes>> {
        auto buffer = encoder->bufferFor(run);
        if (auto done = source->read(offset, *buffer); !done) {
            return failure(done.error());
        }
        // Nothing is read after this, and no share can be complete before: a changed file leaves none behind.
        if (auto unchanged = last ? source->checkUnchanged() : Result<void>(); !unchanged) {
            return failure(unchanged.error());
        }
        return buffer;
    };
    m_scope.spawn(onPool<std::shared_ptr<Bytes>>(diskOf(m_pools), std::move(read)),
                  [tell = m_tell, number](Result<std::shared_ptr<Bytes>> buffer) {
                      tell(RunRead{number, std::move(buffer)});
                  });
}

void ShareMaker::encode(std::uint64_t number, std::shared_ptr<Bytes> plaintext) {
    ++m_encoding;
    const bool last = number + 1 == m_runs.count();
    auto lead = number == 0 ? shareHeaderOf(m_prepared.geometry) : Bytes();
    const std::size_t tailRoom = last ? tailSizeOf(m_prepared.geometry) : 0;
    auto work = [encoder = m_encoder, run = m_runs.run(number), plaintext = std::move(plaintext), wanted = wanted(),
                 lead = std::move(lead), tailRoom]() -> Result<std::shared_ptr<EncodedRun>> {
        return std::make_shared<EncodedRun>(encoder->encode(run, plaintext, wanted, lead, tailRoom));
    };
    m_scope.spawn(onPool<std::shared_ptr<EncodedRun>>(cpuOf(m_pools), std::move(work)),
                  [tell = m_tell](Result<std::shared_ptr<EncodedRun>> done) { tell(RunEncoded{std::move(*done)}); });
}

void ShareMaker::hashNextRun() {
    const auto next = m_encoded.find(m_nextToHash);
    if (m_hashing || m_stopped || next == m_encoded.end()) {
        return;
    }
    const auto run = std::move(next->second);
    m_encoded.erase(next);
    m_nextToHash = run->run.firstSegment + run->run.segmentCount;
    const bool last = m_nextToHash == m_prepared.geometry.segmentCount;
    if (!last) {
        handOut(*run, false);
    }
    m_hashing = true;
    auto work = [hashes = m_hashes, run, last]() -> Result<RunHashed> {
        return RunHashed{run, hashRun(*hashes, *run, last)};
    };
    m_scope.spawn(onPool<RunHashed>(cpuOf(m_pools), std::move(work)),
                  [tell = m_tell](Result<RunHashed> done) { tell(std::move(*done)); });
}

/// Gives a run's bytes to the shares that still want them.
void ShareMaker::handOut(EncodedRun& run, bool last) {
    for (std::size_t share = 0; share < m_lanes.size(); ++share) {
        auto bytes = std::exchange(run.shareBytes[share], nullptr);
        if (!bytes) {
            continue;
        }
        if (m_lanes[share].closed()) {
            m_part.letGo(bytes->size());
        } else {
            m_lanes[share].push(std::move(bytes), last);
        }
    }
}

Wanted ShareMaker::wanted() const {
    Wanted wanted;
    for (const ShareLane& lane : m_lanes) {
        wanted.push_back(!lane.closed());
    }
    return wanted;
}

std::uint64_t ShareMaker::runCost(std::uint64_t number) const {
    return m_runs.plaintextSize(number) + m_runs.blocksSize(number) * m_prepared.geometry.total;
}

std::uint64_t ShareMaker::heldBy(const EncodedRun& run) {
    std::uint64_t held = run.ciphertext->size();
    for (const auto& bytes : run.shareBytes) {
        held += bytes ? bytes->size() : 0;
    }
    return held;
}

}  // namespace tarn::upload
