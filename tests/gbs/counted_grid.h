#pragma once

#include "core/download/download.h"
#include "core/server/server.h"
#include "core/upload/upload.h"
#include "tests/gbs/round_trip_counter.h"

#include <QProcess>
#include <QTemporaryDir>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace tarn::testing {

/// Storage servers on loopback behind a line on which round trips are counted, and a client of theirs that is warm:
/// all its connections are open. Thread: the test's.
class CountedGrid {
public:
    /// Servers of ours, each on a thread of its own, or of a real Tahoe-LAFS, all in one process. Throws
    /// std::runtime_error where they do not start.
    [[nodiscard]] static std::unique_ptr<CountedGrid> ofTarn(std::size_t servers);
    [[nodiscard]] static std::unique_ptr<CountedGrid> ofTahoe(std::size_t servers);
    ~CountedGrid();

    struct Counted {
        int roundTrips = 0;
        qint64 sent = 0;      ///< bytes on the wire from the client, TLS and all
        qint64 answered = 0;  ///< bytes on the wire to the client
    };

    /// Counts until `enough` round trips or fewer were counted, with more stillness each time, and gives the last
    /// count. So a loaded machine costs time and changes nothing: what needs more round trips needs them however long
    /// it is waited for.
    [[nodiscard]] Counted upload(const Bytes& file, int enough);
    [[nodiscard]] Counted download(const Bytes& file, bool whoHasIsKnown, int enough);

    static constexpr unsigned required = 3;
    static constexpr unsigned total = 10;
    /// Bytes of all shares of a file.
    [[nodiscard]] static std::uint64_t shareBytes(std::size_t fileSize);

private:
    CountedGrid();
    void connectTo(const std::vector<std::string>& nurls);
    void warmUp();
    [[nodiscard]] upload::Outcome put(const Bytes& file);
    void get(const upload::Outcome& stored, const Bytes& expected, bool whoHasIsKnown);
    [[nodiscard]] Counted counted(int enough, const std::function<void()>& work);
    /// The same bytes never twice: each file is new to the grid.
    [[nodiscard]] Bytes fresh(const Bytes& file);

    QTemporaryDir m_folder;
    std::vector<std::unique_ptr<server::Server>> m_servers;
    QProcess m_tahoe;
    RoundTripCounter m_counter;
    storage::ServerList m_clients;
    std::shared_ptr<upload::Environment> m_uploadEnvironment;
    std::shared_ptr<download::Environment> m_downloadEnvironment;
    std::shared_ptr<const upload::Secrets> m_secrets;
    std::uint32_t m_files = 0;
};

}  // namespace tarn::testing
