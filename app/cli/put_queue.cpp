#include "app/cli/put_queue.h"

#include "core/engine/transfer_queue.h"

#include <utility>

namespace tarn::cli {

namespace {

/// As the transfer queue begins.
constexpr engine::TransferQueue::Limits limits;
constexpr int mostAttempts = 5;

/// Nothing for a large file, and where it cannot be told.
std::optional<std::uintmax_t> smallSize(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return !error && size <= limits.smallUpTo ? std::optional(size) : std::nullopt;
}

}  // namespace

PutQueue::PutQueue(OpenSession& open, formats::EncodingParameters encoding, std::vector<std::filesystem::path> files,
                   Done done, Watch watch, std::function<void()> finished)
    : m_open(&open), m_encoding(encoding), m_files(std::move(files)), m_done(std::move(done)),
      m_watch(std::move(watch)), m_finished(std::move(finished)) {}

void PutQueue::start() {
    startMore();
}

void PutQueue::stop() {
    m_tasks.requestStop();
}

void PutQueue::startMore() {
    if (std::exchange(m_starting, true)) {
        return;  // a file that ended at once: the loop below goes on by itself
    }
    while (m_next < m_files.size()) {
        const auto small = smallSize(m_files[m_next]);
        const bool full = small ? m_small >= limits.small || m_smallBytes >= limits.smallBytes : m_small > 0;
        if (m_large > 0 || full) {
            break;
        }
        const auto file = m_next++;
        ++(small ? m_small : m_large);
        m_smallBytes += small.value_or(0);
        run(file, 1, small);
    }
    m_starting = false;
}

void PutQueue::run(std::size_t file, int attempt, std::optional<std::uintmax_t> small) {
    const auto used = m_open->session;
    auto session = std::make_shared<engine::Session>(*used);
    session->encoding = m_encoding;
    auto watch = [this, file](const upload::Progress& progress) {
        m_watch(file, progress);
    };
    m_tasks.spawn(engine::putFile(std::move(session), m_files[file], std::move(watch), nullptr, m_tasks.token()),
                  [this, file, attempt, small, used](Result<upload::Outcome> outcome) {
                      if (!outcome && attempt < mostAttempts && renew(*m_open, *used, outcome.error())) {
                          run(file, attempt + 1, small);
                          return;
                      }
                      --(small ? m_small : m_large);
                      m_smallBytes -= small.value_or(0);
                      ended(file, std::move(outcome));
                  });
}

void PutQueue::ended(std::size_t file, Result<upload::Outcome> outcome) {
    m_early.emplace(file, std::move(outcome));
    for (auto next = m_early.find(m_reported); next != m_early.end(); next = m_early.find(m_reported)) {
        m_done(m_reported, next->second);
        m_early.erase(next);
        ++m_reported;
    }
    startMore();
    if (m_reported == m_files.size()) {
        m_finished();
    }
}

}  // namespace tarn::cli
