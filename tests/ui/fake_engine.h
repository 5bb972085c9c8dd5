#pragma once

#include "core/api/engine.h"

#include <QMap>
#include <QPair>
#include <QSet>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tarn::ui_test {

/// A transfer queue in memory: nothing moves but by the test's hand. It records what was asked of it.
class FakeTransfers final : public api::Transfers {
public:
    [[nodiscard]] api::QueueTotals totals() const override {
        api::QueueTotals sums;
        for (const api::TransferSnapshot& row : rows) {
            switch (row.state) {
            case api::TransferState::Running: ++sums.running; break;
            case api::TransferState::Queued: ++sums.waiting; break;
            case api::TransferState::Paused: ++sums.paused; continue;
            case api::TransferState::Done: ++sums.done; continue;
            case api::TransferState::Failed: ++sums.failed; continue;
            case api::TransferState::Cancelled: ++sums.cancelled; continue;
            }
            sums.activeBytes += row.size;
            sums.activeDone += row.done;
            sums.bytesPerSecond += static_cast<quint64>(row.bytesPerSecond);
        }
        return sums;
    }
    [[nodiscard]] api::QueueSettings settings() const override { return set; }
    void load(const QList<api::TransferId>& ids) override {
        ++loads;
        loaded += ids.size();
        if (!answers) {
            return;
        }
        QList<api::TransferSnapshot> found;
        const QSet<api::TransferId> wanted(ids.begin(), ids.end());
        std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
                     [&wanted](const api::TransferSnapshot& row) { return wanted.contains(row.id); });
        Q_EMIT changed(found);
    }

    void upload(const QStringList& paths) override { uploaded += paths; }
    void saveCopy(api::TransferId finished, const QString& targetPath) override {
        copies.append({finished, targetPath});
    }
    void download(const QString& capability, const QString& targetPath) override {
        downloads.append({capability, targetPath});
    }
    void pause(const QList<api::TransferId>& ids) override { paused += ids; }
    void resume(const QList<api::TransferId>& ids) override { resumed += ids; }
    void cancel(const QList<api::TransferId>& ids) override { cancelled += ids; }
    void retry(const QList<api::TransferId>& ids) override { retried += ids; }
    void remove(const QList<api::TransferId>& ids) override {
        removedIds += ids;
        if (answers) {
            const QSet<api::TransferId> gone(ids.begin(), ids.end());
            rows.removeIf([&gone](const api::TransferSnapshot& row) { return gone.contains(row.id); });
            Q_EMIT removed(ids);
            Q_EMIT totalsChanged(totals());
        }
    }
    void move(const QList<api::TransferId>& ids, api::QueueStep step) override { moves.append({ids, step}); }
    void prioritise(const QList<api::TransferId>& ids, api::Priority priority) override {
        priorities.append({ids, priority});
    }
    void setSettings(const api::QueueSettings& wanted) override {
        if (answers) {
            set = wanted;
            Q_EMIT settingsChanged(set);
        }
    }
    void requestCapability(api::TransferId id) override {
        capabilityRequests.append(id);
        if (answers) {
            Q_EMIT capabilityReady(id, capabilityOf(id));
        }
    }

    [[nodiscard]] static QString capabilityOf(api::TransferId id) { return QStringLiteral("URI:TEST:%1").arg(id); }

    void add(const QList<api::TransferSnapshot>& more) {
        rows += more;
        Q_EMIT added(more);
        Q_EMIT totalsChanged(totals());
    }
    void change(const api::TransferSnapshot& row) { change(QList{row}); }
    void change(const QList<api::TransferSnapshot>& news) {
        for (const api::TransferSnapshot& row : news) {
            const auto known = std::find_if(rows.begin(), rows.end(),
                                            [&row](const api::TransferSnapshot& old) { return old.id == row.id; });
            if (known != rows.end()) {
                *known = row;
            }
        }
        Q_EMIT changed(news);
        Q_EMIT totalsChanged(totals());
    }
    /// Rows that were there before anybody looked.
    void list(const QList<api::TransferSnapshot>& before) {
        rows += before;
        QList<api::TransferId> ids;
        for (const api::TransferSnapshot& row : before) {
            ids.append(row.id);
        }
        Q_EMIT listed(ids);
        Q_EMIT totalsChanged(totals());
    }
    void refuse(const QString& what, const QString& code) { Q_EMIT refused(what, code, {}); }

    bool answers = true;  ///< false: an engine that hangs
    QList<api::TransferSnapshot> rows;
    QStringList uploaded;
    QList<QPair<api::TransferId, QString>> copies;
    QList<QPair<QString, QString>> downloads;
    QList<api::TransferId> paused;
    QList<api::TransferId> resumed;
    QList<QPair<QList<api::TransferId>, api::QueueStep>> moves;
    QList<QPair<QList<api::TransferId>, api::Priority>> priorities;
    api::QueueSettings set;
    int loads = 0;
    qsizetype loaded = 0;
    QList<api::TransferId> cancelled;
    QList<api::TransferId> retried;
    QList<api::TransferId> removedIds;
    QList<api::TransferId> capabilityRequests;
};

class FakeHomeServer final : public api::HomeServer {
public:
    [[nodiscard]] api::HomeServerSnapshot snapshot() const override { return m_now; }
    void setEnabled(bool enabled) override { wishes.append(enabled); }
    void become(const api::HomeServerSnapshot& now) {
        m_now = now;
        Q_EMIT changed(m_now);
    }

    QList<bool> wishes;

private:
    api::HomeServerSnapshot m_now;
};

/// An engine whose state is what the test says.
class FakeEngine final : public api::Engine {
public:
    [[nodiscard]] State state() const override { return m_state; }
    [[nodiscard]] api::GridSnapshot grid() const override { return m_grid; }
    [[nodiscard]] FakeTransfers& transfers() override { return m_transfers; }
    [[nodiscard]] FakeHomeServer& homeServer() override { return m_homeServer; }
    void createHomeProfile() override { ++profilesWanted; }

    void become(State state) {
        m_state = state;
        Q_EMIT stateChanged(state);
    }
    void become(const api::GridSnapshot& grid) {
        m_grid = grid;
        Q_EMIT gridChanged(grid);
    }
    void fail(const QString& code, const QString& detail) {
        m_state = State::Failed;
        Q_EMIT failed(code, detail);
        Q_EMIT stateChanged(m_state);
    }

    int profilesWanted = 0;

private:
    State m_state = State::NoProfile;
    api::GridSnapshot m_grid;
    FakeTransfers m_transfers;
    FakeHomeServer m_homeServer;
};

inline api::GridSnapshot homeGrid() {
    return {.servers = 1, .required = 1, .happy = 1, .total = 1, .homeOnly = true};
}

inline api::GridSnapshot fiveServerGrid() {
    return {.servers = 5, .required = 3, .happy = 5, .total = 10, .homeOnly = false};
}

inline api::HomeServerSnapshot runningServer() {
    api::HomeServerSnapshot server;
    server.state = api::HomeServerSnapshot::State::On;
    server.folder = QStringLiteral("/home/anna/.local/share/tarn/storage");
    server.address = QStringLiteral("127.0.0.1:41337");
    server.shares = 24;
    server.bytesStored = 1'340'000'000;
    server.bytesAvailable = 118'400'000'000;
    return server;
}

/// n cells over the servers in turn, the first `placed` of them stored, the next `sending` on their way.
inline QList<api::ShareCell> cellsOver(const QStringList& servers, int n, int placed, int sending = 0) {
    using Where = api::ShareCell::Where;
    QList<api::ShareCell> cells;
    for (int i = 0; i < n; ++i) {
        const Where where = i < placed ? Where::Placed : i < placed + sending ? Where::Sending : Where::Waiting;
        cells.append({where, servers.isEmpty() ? QString() : servers.at(i % servers.size())});
    }
    return cells;
}

inline QStringList fiveServers() {
    return {QStringLiteral("attic"), QStringLiteral("berlin"), QStringLiteral("cellar"), QStringLiteral("dresden"),
            QStringLiteral("essen")};
}

inline api::TransferSnapshot waiting(api::TransferId id, const QString& name, quint64 size) {
    api::TransferSnapshot transfer;
    transfer.id = id;
    transfer.name = name;
    transfer.localPath = QStringLiteral("/home/anna/Documents/") + name;
    transfer.size = size;
    return transfer;
}

inline api::TransferSnapshot sending(api::TransferId id, const QString& name, quint64 size, quint64 done) {
    api::TransferSnapshot transfer = waiting(id, name, size);
    transfer.state = api::TransferState::Running;
    transfer.phase = api::Phase::Shares;
    transfer.done = done;
    transfer.bytesPerSecond = 12'400'000;
    transfer.secondsLeft = (size - done) / 12'400'000;
    transfer.shares = cellsOver(fiveServers(), 10, 4, 3);
    transfer.sharesNeeded = 3;
    return transfer;
}

inline api::TransferSnapshot stored(api::TransferId id, const QString& name, quint64 size) {
    api::TransferSnapshot transfer = waiting(id, name, size);
    transfer.state = api::TransferState::Done;
    transfer.phase = api::Phase::Done;
    transfer.done = size;
    transfer.shares = cellsOver(fiveServers(), 10, 10);
    transfer.sharesNeeded = 3;
    transfer.hasCapability = true;
    return transfer;
}

inline api::TransferSnapshot storedAtHome(api::TransferId id, const QString& name, quint64 size) {
    api::TransferSnapshot transfer = stored(id, name, size);
    transfer.shares = cellsOver({QStringLiteral("this computer")}, 1, 1);
    transfer.sharesNeeded = 1;
    return transfer;
}

inline api::TransferSnapshot broken(api::TransferId id, const QString& name, quint64 size, const QString& code) {
    api::TransferSnapshot transfer = waiting(id, name, size);
    transfer.state = api::TransferState::Failed;
    transfer.errorCode = code;
    transfer.errorDetail = QStringLiteral("2 of 5 servers answered");
    return transfer;
}

}  // namespace tarn::ui_test
