#include "core/engine/journal_writer.h"

#include "core/engine/disk_task.h"

#include <utility>

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

void JournalWriter::add(std::vector<journal::Row> rows, Added done) {
    m_waiting.emplace_back(Add{std::move(rows), std::move(done)});
    writeNext();
}

void JournalWriter::update(journal::Row row, Done done) {
    m_waiting.emplace_back(Update{std::move(row), std::move(done)});
    writeNext();
}

void JournalWriter::remove(journal::RowId id, Done done) {
    m_waiting.emplace_back(Remove{id, std::move(done)});
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
    auto change = std::move(m_waiting.front());
    m_waiting.erase(m_waiting.begin());
    if (auto* const add = std::get_if<Add>(&change)) {
        auto work = [journal = m_journal, rows = std::move(add->rows)] {
            return journal->addAll(rows);
        };
        m_scope->spawn(onDisk(m_pools, std::move(work)),
                       [this, done = std::move(add->done)](Result<std::vector<journal::RowId>> ids) {
                           done(std::move(ids));
                           wrote();
                       });
        return;
    }
    auto& remove = std::get<Remove>(change);
    auto work = [journal = m_journal, id = remove.id] {
        return journal->remove(id);
    };
    m_scope->spawn(onDisk(m_pools, std::move(work)), [this, done = std::move(remove.done)](Result<void> result) {
        done(std::move(result));
        wrote();
    });
}

void JournalWriter::writeUpdates() {
    std::vector<journal::Row> rows;
    std::vector<Done> dones;
    auto next = m_waiting.begin();
    for (; next != m_waiting.end() && std::holds_alternative<Update>(*next); ++next) {
        rows.push_back(std::move(std::get<Update>(*next).row));
        dones.push_back(std::move(std::get<Update>(*next).done));
    }
    m_waiting.erase(m_waiting.begin(), next);
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
