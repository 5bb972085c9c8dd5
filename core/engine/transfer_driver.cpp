#include "core/engine/transfer_driver.h"

#include "core/caps/capability.h"
#include "core/engine/disk_task.h"

#include <filesystem>
#include <utility>
#include <variant>

namespace tarn::engine {

namespace {

constexpr std::chrono::milliseconds tickInterval{1000};

struct Refused {
    std::string path;
    Error error;
};

/// What became of the paths of one drop.
struct Looked {
    std::vector<journal::Row> rows;
    std::vector<Refused> refused;
};

/// Blocks on the disk.
Result<Looked> lookAt(const std::vector<std::string>& paths, WallTime now) {
    Looked looked;
    for (const auto& given : paths) {
        std::error_code error;
        const auto path = std::filesystem::absolute(given, error).lexically_normal();
        const auto status = std::filesystem::status(path, error);
        if (!std::filesystem::exists(status)) {
            looked.refused.push_back({given, {ErrorCode::FileNotFound, path.string(), false}});
            continue;
        }
        if (!std::filesystem::is_regular_file(status)) {
            const bool folder = std::filesystem::is_directory(status);
            const auto* const why = folder ? ": is a folder; this version takes files" : ": is not a file";
            looked.refused.push_back({given, {ErrorCode::FileUnreadable, path.string() + why, false}});
            continue;
        }
        journal::Row row;
        row.direction = journal::Direction::Upload;
        row.name = path.filename().string();
        row.localPath = path.string();
        row.size = std::filesystem::file_size(path, error);
        row.added = now;
        if (error) {
            looked.refused.push_back({given, {ErrorCode::FileUnreadable, path.string(), false}});
            continue;
        }
        looked.rows.push_back(std::move(row));
    }
    return looked;
}

std::uint64_t sizeOf(const caps::Capability& capability) {
    if (const auto* const chk = std::get_if<caps::Chk>(&capability)) {
        return chk->size.value();
    }
    const auto* const literal = std::get_if<caps::Literal>(&capability);
    return literal != nullptr ? literal->data.size() : 0;
}

}  // namespace

TransferDriver::TransferDriver(std::shared_ptr<journal::Journal> journal,
                               std::shared_ptr<const upload::Environment> environment, async::TaskScope& scope,
                               EngineListener& listener)
    : m_environment(std::move(environment)), m_scope(&scope), m_listener(&listener),
      m_journal(std::move(journal), m_environment->pools, scope), m_queue(TransferQueue::Limits{}) {}

void TransferDriver::restore(std::vector<journal::Row> rows) {
    m_queue.insert(std::move(rows));
    if (auto all = m_queue.snapshots(); !all.isEmpty()) {
        m_listener->onAdded(all);
    }
}

void TransferDriver::serve(std::shared_ptr<const Session> session) {
    m_session = std::move(session);
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Serving;
        startMore();
    }
}

void TransferDriver::refuse(Error error) {
    m_refusal = std::move(error);
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Refusing;
        startMore();
    }
}

void TransferDriver::hold() {
    if (m_mode != Mode::Stopped) {
        m_mode = Mode::Holding;
    }
}

void TransferDriver::stop() {
    m_mode = Mode::Stopped;
    m_ticking.reset();
    const auto running = m_running;  // a task that ends on the spot takes itself out of the map
    for (const auto& [id, source] : running) {
        std::stop_source(source).request_stop();
    }
}

void TransferDriver::upload(std::vector<std::string> paths) {
    auto look = [files = std::move(paths), now = m_environment->clock->wallNow()] {
        return lookAt(files, now);
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(look)), [this](Result<Looked> looked) {
        for (const auto& refused : looked->refused) {
            m_listener->onRefused(QString::fromStdString(refused.path), refused.error);
        }
        add(std::move(looked->rows));
    });
}

void TransferDriver::saveCopy(journal::RowId finished, const std::string& target) {
    const auto* const row = m_queue.row(finished);
    if (row == nullptr || row->capability.empty()) {
        m_listener->onRefused(QString::fromStdString(target),
                              {ErrorCode::NotFound, "the transfer has not stored a file yet", false});
        return;
    }
    queueDownload(row->capability, target);
}

void TransferDriver::download(const std::string& capability, const std::string& target) {
    queueDownload(capability, target);
}

void TransferDriver::queueDownload(const std::string& capability, const std::string& target) {
    const auto parsed = caps::parse(capability);
    const auto checked = parsed ? checkDownloadable(*parsed) : Result<void>(failure(parsed.error()));
    if (!checked) {
        m_listener->onRefused(QString::fromStdString(target), checked.error());
        return;
    }
    std::error_code error;
    const auto path = std::filesystem::absolute(target, error).lexically_normal();
    journal::Row row;
    row.direction = journal::Direction::Download;
    row.name = path.filename().string();
    row.localPath = path.string();
    row.capability = caps::reveal(*parsed);
    row.size = sizeOf(*parsed);
    row.added = m_environment->clock->wallNow();
    add({std::move(row)});
}

void TransferDriver::add(std::vector<journal::Row> rows) {
    if (rows.empty() || m_mode == Mode::Stopped) {
        return;
    }
    auto kept = rows;
    m_journal.add(std::move(rows), [this, added = std::move(kept)](Result<std::vector<journal::RowId>> ids) mutable {
        if (!ids) {
            for (const auto& row : added) {
                m_listener->onRefused(QString::fromStdString(row.localPath), ids.error());
            }
            return;
        }
        QList<api::TransferSnapshot> snapshots;
        for (std::size_t i = 0; i < added.size(); ++i) {
            added[i].id = ids->at(i);
        }
        m_queue.insert(added);
        for (const auto id : *ids) {
            snapshots.push_back(*m_queue.snapshot(id));
        }
        m_listener->onAdded(snapshots);
        startMore();
    });
}

void TransferDriver::cancel(journal::RowId id) {
    const auto cancelling = m_queue.cancel(id, m_environment->clock->wallNow());
    if (cancelling.stop) {
        if (const auto running = m_running.find(id); running != m_running.end()) {
            auto source = running->second;  // it may end, and go, on the spot
            source.request_stop();
        }
    }
    if (cancelling.row) {
        write(*cancelling.row);
    }
}

void TransferDriver::retry(journal::RowId id) {
    if (const auto row = m_queue.retry(id)) {
        write(*row);
        startMore();
    }
}

void TransferDriver::remove(journal::RowId id) {
    if (!m_queue.remove(id)) {
        return;
    }
    m_listener->onRemoved(id);
    // A row that the disk refuses to lose is back at the next start: nothing is lost by that.
    m_journal.remove(id, [](const Result<void>&) {});
}

void TransferDriver::requestCapability(journal::RowId id) {
    if (const auto* const row = m_queue.row(id); row != nullptr && !row->capability.empty()) {
        m_listener->onCapability(id, QString::fromStdString(row->capability));
    }
}

void TransferDriver::startMore() {
    if (m_mode != Mode::Serving && m_mode != Mode::Refusing) {
        return;
    }
    for (const auto id : m_queue.start()) {
        run(id);
        changed(id);
    }
    tickLater();
}

void TransferDriver::run(journal::RowId id) {
    if (m_mode == Mode::Refusing) {
        ended(id, m_refusal);
        return;
    }
    // A copy: the queue may move its row while the task begins. That a transfer runs is not written down: a row that is
    // queued says the same after a crash, and spares a write to disk.
    const journal::Row row = *m_queue.row(id);
    const auto token = m_running[id].get_token();
    if (row.direction == journal::Direction::Upload) {
        runUpload(id, row.localPath, token);
    } else {
        runDownload(id, row, token);
    }
}

void TransferDriver::runUpload(journal::RowId id, const std::string& path, std::stop_token stopToken) {
    const auto required = m_session->encoding.required;
    auto watch = [this, id, required](const upload::Progress& progress) {
        m_queue.progressed(id, progress, required, m_environment->clock->steadyNow());
        changed(id);
    };
    m_scope->spawn(putFile(m_session, path, std::move(watch), stopToken), [this, id](Result<upload::Outcome> outcome) {
        if (outcome) {
            settle(m_queue.uploaded(id, *outcome, m_environment->clock->wallNow()));
        } else {
            ended(id, outcome.error());
        }
    });
}

void TransferDriver::runDownload(journal::RowId id, const journal::Row& row, std::stop_token stopToken) {
    auto capability = caps::parse(row.capability);
    if (!capability) {
        ended(id, capability.error());
        return;
    }
    auto openSink = [target = std::filesystem::path(row.localPath)] {
        return download::fileSink(target);
    };
    auto watch = [this, id](const download::Progress& progress) {
        m_queue.progressed(id, progress, m_environment->clock->steadyNow());
        changed(id);
    };
    m_scope->spawn(
        getFile(m_session, std::move(*capability), std::nullopt, std::move(openSink), std::move(watch), stopToken),
        [this, id](const Result<void>& result) {
            if (result) {
                settle(m_queue.downloaded(id, m_environment->clock->wallNow()));
            } else {
                ended(id, result.error());
            }
        });
}

void TransferDriver::ended(journal::RowId id, const Error& error) {
    if (m_mode == Mode::Stopped && error.code == ErrorCode::Cancelled) {
        m_running.erase(id);  // stopped by the program, not the person: the journal still says queued
        return;
    }
    settle(m_queue.failed(id, error, m_environment->clock->wallNow()));
}

void TransferDriver::settle(journal::Row row) {
    m_running.erase(row.id);
    m_journal.update(row, [this, row](const Result<void>& written) mutable {
        if (!written && row.state == journal::State::Done) {
            // Stored, but not noted: said to have failed, since it would be forgotten. A retry finds the shares there.
            row = m_queue.failed(row.id, written.error(), row.finished);
        }
        m_queue.settle(row);
        changed(row.id);
        startMore();
    });
}

void TransferDriver::write(const journal::Row& row) {
    changed(row.id);
    m_journal.update(row, [](const Result<void>&) {});
}

void TransferDriver::changed(journal::RowId id) {
    const auto wait = m_pacer.note(id, m_environment->clock->steadyNow());
    if (wait) {
        m_telling = m_environment->timers->after(*wait, [this] { tell(); });
    }
}

void TransferDriver::tell() {
    QList<api::TransferSnapshot> snapshots;
    for (const auto id : m_pacer.take(m_environment->clock->steadyNow())) {
        if (auto snapshot = m_queue.snapshot(id)) {
            snapshots.push_back(std::move(*snapshot));
        }
    }
    if (!snapshots.isEmpty()) {
        m_listener->onChanged(snapshots);
    }
}

void TransferDriver::tickLater() {
    if (m_running.empty() || m_tickDue) {
        return;
    }
    m_tickDue = true;
    m_ticking = m_environment->timers->after(tickInterval, [this] {
        m_tickDue = false;
        const auto now = m_environment->clock->steadyNow();
        for (const auto& [id, source] : m_running) {
            m_queue.tick(id, now);
            changed(id);
        }
        tickLater();
    });
}

}  // namespace tarn::engine
