#include "core/engine/journal_writer.h"

namespace tarn::engine {

namespace {

/// All in one transaction; where that fails, one by one, so that one bad row spoils no other.
Result<std::vector<Result<void>>> writeAll(journal::Journal& journal, const std::vector<journal::Row>& rows) {
    std::vector<Result<void>> results(rows.size());
    if (!journal.updateAll(rows)) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            results[i] = journal.update(rows[i]);
        }
    }
    return results;
}

}  // namespace

void JournalWriter::update(journal::Row row, Done done) {
    m_waiting.emplace_back(Update{std::move(row), std::move(done)});
    writeNext();
}

void JournalWriter::writeNext() {
    if (m_writing || m_waiting.empty()) {
        return;
    }
    m_writing = true;
    if (std::holds_alternative<Update>(m_waiting.front())) {
        writeUpdates();
        return;
    }
    const auto job = std::move(std::get<Job>(m_waiting.front()));
    m_waiting.pop_front();
    job();
}

void JournalWriter::writeUpdates() {
    std::vector<journal::Row> rows;
    std::vector<Done> dones;
    while (!m_waiting.empty() && std::holds_alternative<Update>(m_waiting.front())) {
        auto& update = std::get<Update>(m_waiting.front());
        rows.push_back(std::move(update.row));
        dones.push_back(std::move(update.done));
        m_waiting.pop_front();
    }
    auto work = [journal = m_journal, changed = std::move(rows)] {
        return writeAll(*journal, changed);
    };
    m_scope->spawn(onDisk(m_pools, std::move(work)),
                   [this, told = std::move(dones)](Result<std::vector<Result<void>>> results) {
                       for (std::size_t i = 0; i < told.size(); ++i) {
                           told[i](results->at(i));
                       }
                       wrote();
                   });
}

void JournalWriter::wrote() {
    m_writing = false;
    writeNext();
}

}  // namespace tarn::engine
