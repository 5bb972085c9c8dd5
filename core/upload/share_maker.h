#pragma once

#include "core/async/task_scope.h"
#include "core/upload/file_hashes.h"
#include "core/upload/segment_encoder.h"
#include "core/upload/share_lane.h"
#include "core/upload/upload.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace tarn::upload {

/// A file of a single run, read once and made into shares in one go.
struct MadeWhole {
    std::shared_ptr<EncodedRun> run;  ///< with the tails behind the blocks
    std::shared_ptr<const SealedFile> sealed;
};

/// What the making of shares starts from once the file's key is known.
struct Prepared {
    std::shared_ptr<Source> source;
    formats::EncodingParameters parameters;
    formats::Geometry geometry;
    crypto::FileKey key;
    /// The plaintext, where the key pass has kept it: files of a single run, which are then not read twice.
    std::shared_ptr<Bytes> plaintext = nullptr;
    /// The shares, where they were made along with the key.
    MadeWhole whole = {};
    /// What the file came to when its shares were made before: it must come to the same once more.
    std::shared_ptr<const SealedFile> before = nullptr;
};

/// Makes all shares of a file of a single run. `plaintext` becomes its ciphertext. Blocks while it computes; thread:
/// any.
[[nodiscard]] Result<MadeWhole> makeWhole(const formats::Geometry& geometry, const crypto::FileKey& key,
                                          std::shared_ptr<Bytes> plaintext);

/// Makes a file's shares: reads, encrypts, encodes and hashes it run by run, and puts what is ready into the lanes.
///
///     disk pool      read run 1 │ read run 2 │ …            one at a time
///     CPU pool                  │ encode run 1 │ encode 2   runs in parallel, as many as the window holds
///     CPU pool                                 │ hash 1     in order: the hash over the whole ciphertext
///     engine                                   │ lanes 1 …
///
/// A run is worked on only while all bytes that are held (ciphertext not yet hashed, blocks not yet confirmed) stay
/// within the window: two runs, and at least 8 MiB. Several uploads share one. Thread: engine. Whoever owns it hands
/// every event back to `on`, and says by `letGo` which bytes of the lanes are not held any more.
class ShareMaker {
public:
    struct RunRead {
        std::uint64_t number;
        Result<std::shared_ptr<Bytes>> plaintext;
    };
    struct RunEncoded {
        std::shared_ptr<EncodedRun> run;
    };
    struct RunHashed {
        std::shared_ptr<EncodedRun> run;
        std::shared_ptr<const SealedFile> sealed;  ///< after the last run
    };
    /// Another upload has let go of something.
    struct RoomCame {};
    using Event = std::variant<RunRead, RunEncoded, RunHashed, RoomCame>;

    /// `lanes` is filled, one a share; it must outlive this. Work that is under way keeps what it needs in `scope`.
    ShareMaker(Prepared prepared, std::shared_ptr<async::Pools> pools, std::shared_ptr<SharedWindow> window,
               std::vector<ShareLane>& lanes, async::TaskScope& scope, std::function<void(Event)> tell);

    [[nodiscard]] Result<void> start();
    /// Reads the next run if the window has room for it.
    void readNextRun();
    /// Fails: as `Source::read`, and with FileChanged. Nothing more is to be done then.
    [[nodiscard]] Result<void> on(Event event);
    void stop() noexcept {
        m_stopped = true;
        m_part.stopWaiting();
    }
    void letGo(std::uint64_t bytes) { m_part.letGo(bytes); }
    /// Whether the pools are at work for it.
    [[nodiscard]] bool working() const noexcept { return m_reading || m_encoding > 0 || m_hashing; }

    /// Null until the last run is hashed.
    [[nodiscard]] const std::shared_ptr<const SealedFile>& sealed() const noexcept { return m_sealed; }
    /// Whether the blocks of some segments are still to be hashed.
    [[nodiscard]] bool hashesBlocks() const noexcept {
        return m_nextToHash < m_prepared.geometry.segmentCount && !m_sealed;
    }

private:
    [[nodiscard]] Result<void> on(RunRead& event);
    void on(RunEncoded& event);
    [[nodiscard]] Result<void> on(RunHashed& event);

    void encode(std::uint64_t number, std::shared_ptr<Bytes> plaintext);
    void hashNextRun();
    void handOut(EncodedRun& run, bool last);

    [[nodiscard]] Wanted wanted() const;
    [[nodiscard]] std::uint64_t runCost(std::uint64_t number) const;
    [[nodiscard]] static std::uint64_t heldBy(const EncodedRun& run);

    Prepared m_prepared;
    std::shared_ptr<async::Pools> m_pools;
    std::vector<ShareLane>& m_lanes;
    async::TaskScope& m_scope;
    std::function<void(Event)> m_tell;

    std::shared_ptr<const SegmentEncoder> m_encoder;
    std::shared_ptr<FileHashes> m_hashes;  ///< touched by one pool job at a time
    RunPlan m_runs;
    std::uint64_t m_nextToRead = 0;
    std::uint64_t m_nextToHash = 0;  ///< by first segment
    unsigned m_encoding = 0;
    bool m_reading = false;
    bool m_hashing = false;
    bool m_stopped = false;
    std::map<std::uint64_t, std::shared_ptr<EncodedRun>> m_encoded;  ///< by first segment; wait for those before them
    std::uint64_t m_most = 0;
    const std::shared_ptr<SharedWindow> m_window;
    SharedWindow::Part m_part;
    std::shared_ptr<const SealedFile> m_sealed;
};

}  // namespace tarn::upload
