#pragma once

#include "app/cli/open_session.h"
#include "core/async/task_scope.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace tarn::cli {

/// Uploads a list of files: large ones one at a time, small ones several at a time, since those mostly wait for
/// answers. One that fails does not keep the others from going on; where `renew` gives another session, it is tried
/// again.
///
/// Thread: engine. Cancel: `stop`; files that were not begun then end as Cancelled too.
class PutQueue {
public:
    using Done = std::function<void(std::size_t file, const Result<upload::Outcome>& outcome)>;
    using Watch = std::function<void(std::size_t file, const upload::Progress& progress)>;

    /// `open` outlives the queue. `done` is called once a file, in the order of `files`; `finished` when all are over.
    PutQueue(OpenSession& open, formats::EncodingParameters encoding, std::vector<std::filesystem::path> files,
             Done done, Watch watch, std::function<void()> finished);

    void start();
    void stop();

private:
    void startMore();
    void run(std::size_t file, int attempt, std::optional<std::uintmax_t> small);
    void ended(std::size_t file, Result<upload::Outcome> outcome);

    OpenSession* m_open;
    formats::EncodingParameters m_encoding;
    std::vector<std::filesystem::path> m_files;
    Done m_done;
    Watch m_watch;
    std::function<void()> m_finished;
    std::size_t m_next = 0;      // to be started
    std::size_t m_reported = 0;  // to be reported
    std::size_t m_small = 0;     // running
    std::uintmax_t m_smallBytes = 0;
    std::size_t m_large = 0;
    bool m_starting = false;
    std::map<std::size_t, Result<upload::Outcome>> m_early;  // ended before one that stands before it
    async::TaskScope m_tasks;
};

}  // namespace tarn::cli
