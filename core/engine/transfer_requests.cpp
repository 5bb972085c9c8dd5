// What a person asks of the transfer queue.

#include "core/caps/capability.h"
#include "core/engine/queue_settings.h"
#include "core/engine/transfer_driver.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>
#include <variant>

namespace tarn::engine {

namespace {

constexpr std::size_t idsAPage = 8192;
/// Rows that are added in one go: enough that the disk's sync is spread, few enough that nobody waits for them.
constexpr std::size_t rowsABatch = 1000;
/// More of them than this are not told one by one.
constexpr std::size_t mostTold = 256;
/// Of what is left out of one drop, so many are named.
constexpr std::size_t mostNamed = 50;

std::uint64_t sizeOf(const caps::Capability& capability) {
    if (const auto* const chk = std::get_if<caps::Chk>(&capability)) {
        return chk->size.value();
    }
    const auto* const literal = std::get_if<caps::Literal>(&capability);
    return literal != nullptr ? literal->data.size() : 0;
}

QList<api::TransferId> listOf(const std::vector<journal::RowId>& ids) {
    return {ids.begin(), ids.end()};
}

/// Rows that say something else now, and the downloads among them of which no file will come any more.
struct Changed {
    std::vector<journal::RowId> ids;
    std::vector<journal::Row> givenUp;
};

/// The downloads among `ids` that are not done. Reads the rows a few at a time, for they may be all there are.
std::vector<journal::Row> unfinishedDownloads(journal::Journal& journal, const std::vector<journal::RowId>& ids) {
    std::vector<journal::Row> found;
    for (auto next = ids.begin(); next != ids.end();) {
        const auto end = next + std::min<std::ptrdiff_t>(ids.end() - next, rowsABatch);
        auto rows = journal.rowsOf({next, end}).value_or(std::vector<journal::Row>());
        std::copy_if(std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()),
                     std::back_inserter(found), [](const journal::Row& row) {
                         return row.direction == journal::Direction::Download && row.state != journal::State::Done;
                     });
        next = end;
    }
    return found;
}

storage::Rates ratesOf(const api::QueueSettings& settings) {
    return {settings.totalUp, settings.totalDown, settings.serverUp, settings.serverDown};
}

}  // namespace

void TransferDriver::restore(std::function<void()> done) {
    m_journal.perform([](journal::Journal& journal) { return readQueueSettings(journal); },
                      [this](const Result<api::QueueSettings>& settings) {
                          if (settings) {
                              take(*settings);
                          }
                      });
    m_journal.perform([](journal::Journal& journal) { return journal.setting(EarlierAttempts::setting, 0); },
                      [this](const Result<std::int64_t>& before) {
                          m_marked = before && *before != 0;
                          m_earlier.cutOff(m_marked);
                      });
    recount();
    listFrom(journal::Journal::firstPlace, std::move(done));
}

void TransferDriver::listFrom(journal::Place after, std::function<void()> done) {
    const auto read = [after](journal::Journal& journal) {
        return journal.list(after, idsAPage);
    };
    m_journal.perform(read, [this, whenDone = std::move(done)](const Result<std::vector<journal::Listed>>& listed) {
        if (!listed || listed->empty()) {
            whenDone();
            return;
        }
        QList<api::TransferId> ids;
        ids.reserve(static_cast<qsizetype>(listed->size()));
        for (const auto& row : *listed) {
            ids.push_back(row.id);
            m_earlier.found(row.id);
        }
        m_listener->onListed(ids);
        listFrom(listed->back().place, whenDone);
    });
}

void TransferDriver::recount() {
    m_journal.perform([](journal::Journal& journal) { return journal.totals(); },
                      [this](const Result<journal::Totals>& totals) {
                          if (totals) {
                              m_figures.counted(*totals);
                              tellTotals();
                          }
                      });
}

void TransferDriver::upload(std::vector<std::string> paths) {
    walk(std::make_shared<FolderWalk>(std::move(paths)), std::make_shared<std::size_t>(0));
}

/// A piece of the folders at a time; the next one is looked for when this one is on disk.
void TransferDriver::walk(std::shared_ptr<FolderWalk> folders, std::shared_ptr<std::size_t> leftOut) {
    if (m_mode == Mode::Stopped) {
        return;
    }
    auto look = [folders, now = m_environment->clock->wallNow()]() -> Result<FolderWalk::Found> {
        return folders->next(rowsABatch, now);
    };
    m_scope->spawn(onDisk(m_environment->pools, std::move(look)),
                   [this, folders, leftOut](Result<FolderWalk::Found> found) {
                       for (const auto& one : found->leftOut) {
                           if (++*leftOut <= mostNamed) {
                               m_listener->onRefused(QString::fromStdString(one.path), one.error);
                           }
                       }
                       if (found->over && *leftOut > mostNamed) {
                           const auto rest = std::to_string(*leftOut - mostNamed) + " more were left out as well";
                           m_listener->onRefused(QStringLiteral("…"), {ErrorCode::FileUnreadable, rest, false});
                       }
                       const bool over = found->over;
                       add(std::move(found->rows), [this, folders, leftOut, over] {
                           if (!over) {
                               walk(folders, leftOut);
                           }
                       });
                   });
}

void TransferDriver::saveCopy(journal::RowId finished, const std::string& target) {
    const auto read = [finished](journal::Journal& journal) {
        return journal.rowsOf({finished});
    };
    m_journal.perform(read, [this, target](const Result<std::vector<journal::Row>>& rows) {
        if (!rows || rows->empty() || rows->front().capability.empty()) {
            m_listener->onRefused(QString::fromStdString(target),
                                  {ErrorCode::NotFound, "the transfer has not stored a file yet", false});
            return;
        }
        queueDownload(rows->front().capability, rows->front().shares, target);
    });
}

void TransferDriver::download(const std::string& capability, const std::string& target) {
    queueDownload(capability, {}, target);
}

/// `places`: where its shares may be.
void TransferDriver::queueDownload(const std::string& capability, const std::string& places,
                                   const std::string& target) {
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
    row.shares = places;
    row.size = sizeOf(*parsed);
    row.added = m_environment->clock->wallNow();
    add({std::move(row)}, [] {});
}

void TransferDriver::add(std::vector<journal::Row> rows, std::function<void()> then) {
    if (m_mode == Mode::Stopped) {
        return;
    }
    if (rows.empty()) {
        then();
        return;
    }
    const auto shared = std::make_shared<std::vector<journal::Row>>(std::move(rows));
    const auto write = [shared](journal::Journal& journal) {
        return journal.addAll(*shared);
    };
    m_journal.perform(write, [this, shared, next = std::move(then)](const Result<std::vector<journal::RowId>>& ids) {
        if (!ids) {
            // One stands for all that came with it: they failed for one reason.
            m_listener->onRefused(QString::fromStdString(shared->front().localPath), ids.error());
            return;
        }
        for (std::size_t i = 0; i < shared->size(); ++i) {
            shared->at(i).id = ids->at(i);
            m_figures.came(journal::State::Queued, shared->at(i).size);
        }
        m_listener->onAdded(m_queue.snapshots().makeAll(*shared));
        m_lookAgain = true;
        tellTotals();
        startMore();
        next();
    });
}

void TransferDriver::apply(std::vector<journal::RowId> ids, journal::Change change) {
    const auto write = [asked = std::move(ids), change,
                        now = m_environment->clock->wallNow()](journal::Journal& journal) -> Result<Changed> {
        auto changedIds = journal.apply(asked, change, now);
        if (!changedIds) {
            return failure(changedIds.error());
        }
        auto givenUp =
            change == journal::Change::Cancel ? unfinishedDownloads(journal, *changedIds) : std::vector<journal::Row>();
        return Changed{std::move(*changedIds), std::move(givenUp)};
    };
    m_journal.perform(write, [this, change](Result<Changed> changed) {
        if (changed) {
            dropPartialFiles(std::move(changed->givenUp));
            turned(changed->ids, change == journal::Change::Pause);
        }
    });
}

/// The rows say something else now: what runs of them is stopped.
void TransferDriver::turned(const std::vector<journal::RowId>& changedIds, bool keep) {
    if (changedIds.empty()) {
        return;
    }
    std::vector<journal::RowId> atRest;
    for (const auto id : changedIds) {
        if (m_running.contains(id)) {
            stopRunning(id, keep);  // it is told of when it has ended
        } else {
            atRest.push_back(id);
        }
    }
    tellOf(std::move(atRest));
    recount();
    orderChanged();
}

void TransferDriver::remove(std::vector<journal::RowId> ids) {
    std::erase_if(ids, [this](journal::RowId id) { return m_queue.row(id) != nullptr; });
    const auto write = [asked = std::move(ids)](journal::Journal& journal) -> Result<Changed> {
        auto givenUp = unfinishedDownloads(journal, asked);
        auto gone = journal.remove(asked);
        if (!gone) {
            return failure(gone.error());
        }
        return Changed{std::move(*gone), std::move(givenUp)};
    };
    m_journal.perform(write, [this](Result<Changed> gone) {
        if (!gone || gone->ids.empty()) {
            return;  // rows that the disk refuses to lose stay
        }
        dropPartialFiles(std::move(gone->givenUp));
        for (const auto id : gone->ids) {
            stopRunning(id, false);  // one that started meanwhile
        }
        for (auto next = gone->ids.begin(); next != gone->ids.end();) {
            const auto end = next + std::min<std::ptrdiff_t>(gone->ids.end() - next, idsAPage);
            m_listener->onRemoved({next, end});
            next = end;
        }
        recount();
        orderChanged();
    });
}

void TransferDriver::move(std::vector<journal::RowId> ids, journal::Step step) {
    const auto write = [asked = std::move(ids), step](journal::Journal& journal) {
        return journal.move(asked, step);
    };
    m_journal.perform(write, [this](const Result<std::vector<journal::Move>>& moves) {
        if (!moves || moves->empty()) {
            return;
        }
        for (const auto& moved : *moves) {
            m_listener->onMoved(listOf(moved.ids), moved.before);
        }
        orderChanged();
    });
}

void TransferDriver::prioritise(std::vector<journal::RowId> ids, journal::Priority priority) {
    const auto write = [ids, priority](journal::Journal& journal) {
        return journal.prioritise(ids, priority);
    };
    m_journal.perform(write, [this, ids](const Result<void>& written) {
        if (written) {
            tellOf(ids);
            orderChanged();
        }
    });
}

void TransferDriver::setSettings(const api::QueueSettings& settings) {
    const auto write = [settings](journal::Journal& journal) {
        return writeQueueSettings(journal, settings);
    };
    // Where they cannot be kept, they are good for now.
    m_journal.perform(write, [this, settings](const Result<void>&) {
        take(settings);
        if (!mayRun()) {
            for (const auto id : m_queue.running()) {
                stopRunning(id, true);
            }
        }
        m_lookAgain = true;
        startMore();
    });
}

void TransferDriver::take(const api::QueueSettings& settings) {
    m_settings = settings;
    m_limits->set(ratesOf(settings));
    m_listener->onSettings(settings);
    if (!settings.pauseOnMetered) {
        m_network = nullptr;
        m_metered = false;
    } else if (!m_network) {
        m_network = systemNetworkWatch([this] {
            setMetered(m_network->metered());
            wake();
        });
        m_metered = m_network->metered();
    }
}

void TransferDriver::load(std::vector<journal::RowId> ids) {
    tellOf(std::move(ids));
}

void TransferDriver::tellOf(std::vector<journal::RowId> ids) {
    if (ids.empty()) {
        return;
    }
    if (ids.size() > mostTold) {
        m_listener->onStale();
        return;
    }
    QList<api::TransferSnapshot> live;
    std::erase_if(ids, [this, &live](journal::RowId id) {
        auto snapshot = m_queue.snapshot(id);
        if (snapshot) {
            live.push_back(std::move(*snapshot));
        }
        return snapshot.has_value();
    });
    if (!live.isEmpty()) {
        m_listener->onChanged(live);
    }
    if (ids.empty()) {
        return;
    }
    const auto read = [asked = std::move(ids)](journal::Journal& journal) {
        return journal.rowsOf(asked);
    };
    m_journal.perform(read, [this](Result<std::vector<journal::Row>> rows) {
        if (!rows) {
            return;
        }
        std::erase_if(*rows, [this](const journal::Row& row) { return m_queue.row(row.id) != nullptr; });
        if (!rows->empty()) {
            m_listener->onChanged(m_queue.snapshots().makeAll(*rows));
        }
    });
}

void TransferDriver::requestCapability(journal::RowId id) {
    const auto read = [id](journal::Journal& journal) {
        return journal.rowsOf({id});
    };
    m_journal.perform(read, [this, id](const Result<std::vector<journal::Row>>& rows) {
        if (rows && !rows->empty() && !rows->front().capability.empty()) {
            m_listener->onCapability(id, QString::fromStdString(rows->front().capability));
        }
    });
}

}  // namespace tarn::engine
