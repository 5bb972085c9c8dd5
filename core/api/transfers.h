#pragma once

#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>

#include <cstdint>
#include <optional>

namespace tarn::api {

using TransferId = qint64;

enum class Direction : std::uint8_t { Upload, Download };
enum class TransferState : std::uint8_t { Queued, Running, Done, Failed, Cancelled, Paused };
/// Of two that wait, the higher one starts first, wherever they stand in the list.
enum class Priority : std::int8_t { Low = -1, Normal = 0, High = 1 };
/// A step of transfers in the list; several keep their order among themselves.
enum class QueueStep : std::uint8_t { Top, Up, Down, Bottom };

/// The step that a running transfer is in, by the names that a person sees.
enum class Phase : std::uint8_t {
    Waiting,
    Hashing,
    Allocate,
    Shares,
    HashTrees,
    Ueb,
    Close,
    FindingShares,
    Reading,
    Done
};

/// One cell of the strip: one of the n shares.
struct ShareCell {
    enum class Where : std::uint8_t { Waiting, Sending, Placed, FoundThere, Lost };
    Where where = Where::Waiting;
    QString server;
    bool operator==(const ShareCell&) const = default;
};

/// One transfer as it stands: immutable, safe to hand between threads. Sizes in bytes.
/// Holds no capability: that is asked for one at a time, when a person wants it.
struct TransferSnapshot {
    TransferId id = 0;
    Direction direction = Direction::Upload;
    TransferState state = TransferState::Queued;
    Phase phase = Phase::Waiting;
    QString name;
    QString localPath;
    quint64 size = 0;           ///< of the file
    quint64 hashed = 0;         ///< of `size`: read for the key, while an upload is in Hashing
    quint64 done = 0;           ///< of `size`: confirmed by servers (upload) or verified and written (download)
    double bytesPerSecond = 0;  ///< of the file, steadied; 0 while unknown
    std::optional<quint64> secondsLeft;
    QList<ShareCell> shares;
    int sharesNeeded = 0;  ///< k
    bool hasCapability = false;
    Priority priority = Priority::Normal;
    int attempts = 0;     ///< that failed since a person last asked for it
    qint64 retryAt = 0;   ///< of a queued one that waits for its next attempt: when, in seconds since 1970; else 0
    QString errorCode;    ///< errorName of a failed one, or why the last attempt of a queued one failed
    QString errorDetail;  ///< for a second look; never a secret
    bool operator==(const TransferSnapshot&) const = default;
};

/// The queue in figures. Bytes of the files.
struct QueueTotals {
    qint64 running = 0;
    qint64 waiting = 0;
    qint64 paused = 0;
    qint64 done = 0;
    qint64 failed = 0;
    qint64 cancelled = 0;
    quint64 activeBytes = 0;     ///< of what runs or waits
    quint64 activeDone = 0;      ///< of these, confirmed by servers or verified and written
    quint64 bytesPerSecond = 0;  ///< of all that runs, steadied; 0 while unknown
    bool operator==(const QueueTotals&) const = default;
};

/// What a person has set for the queue as a whole. Limits are bytes of shares a second; 0 is no limit.
struct QueueSettings {
    bool held = false;  ///< nothing runs until it is let go
    bool pauseOnMetered = false;
    quint64 totalUp = 0;
    quint64 totalDown = 0;
    quint64 serverUp = 0;  ///< each server by itself
    quint64 serverDown = 0;
    bool operator==(const QueueSettings&) const = default;
};

/// The transfer queue as the desktop and the command line see it.
///
/// The list may be long: what a row says is asked for by `load`, for the rows that somebody looks at. Whoever watches
/// is told of every row's coming (`listed` or `added`), moving and going, and keeps the order; of news (`changed`) only
/// for rows that run, that were just added, or that were asked for. Thread: the one it was made for (the GUI's); calls
/// return at once, work happens on the engine's thread and comes back as queued signals. Changes are gathered: at most
/// some ten signals a second, whatever the number of transfers.
class Transfers : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    /// As last told by the signals of the same name.
    [[nodiscard]] virtual QueueTotals totals() const = 0;
    [[nodiscard]] virtual QueueSettings settings() const = 0;

    /// Asks what these say now; it comes by `changed`. What is not there any more is passed over.
    virtual void load(const QList<TransferId>& ids) = 0;

    /// Queues files for upload, and all files in folders. Each shows up by `added` once its row is on disk. What is
    /// neither (a symbolic link in a folder, a device) is named by `refused` and left out.
    virtual void upload(const QStringList& paths) = 0;
    /// Queues a download of the file that a finished transfer put.
    virtual void saveCopy(TransferId finished, const QString& targetPath) = 0;
    /// Queues a download by capability.
    virtual void download(const QString& capability, const QString& targetPath) = 0;

    // Of many at once; each passes over those that it does not fit.
    /// Stops those that run within a second and keeps what servers hold of them; they wait until `resume`.
    virtual void pause(const QList<TransferId>& ids) = 0;
    virtual void resume(const QList<TransferId>& ids) = 0;
    virtual void cancel(const QList<TransferId>& ids) = 0;
    /// Starts failed or cancelled ones again, and those at once that wait for their next attempt.
    virtual void retry(const QList<TransferId>& ids) = 0;
    /// Takes transfers that are not running off the list.
    virtual void remove(const QList<TransferId>& ids) = 0;
    virtual void move(const QList<TransferId>& ids, QueueStep step) = 0;
    virtual void prioritise(const QList<TransferId>& ids, Priority priority) = 0;
    virtual void setSettings(const QueueSettings& settings) = 0;

    /// Asks for a finished transfer's capability; the answer comes by `capabilityReady`.
    virtual void requestCapability(TransferId id) = 0;

Q_SIGNALS:
    /// Transfers that the queue held before it was opened, at the list's end; before `Engine::State::Ready`.
    void listed(const QList<tarn::api::TransferId>& ids);
    /// New ones, at the list's end.
    void added(const QList<tarn::api::TransferSnapshot>& snapshots);
    void changed(const QList<tarn::api::TransferSnapshot>& snapshots);
    /// So many have changed that they are not told one by one: what was loaded before may be out of date.
    void stale();
    /// `ids` now stand, in this order, before `before`; at the end where that is 0.
    void moved(const QList<tarn::api::TransferId>& ids, tarn::api::TransferId before);
    void removed(const QList<tarn::api::TransferId>& ids);
    void totalsChanged(const tarn::api::QueueTotals& totals);
    void settingsChanged(const tarn::api::QueueSettings& settings);
    /// A secret, for the clipboard alone.
    void capabilityReady(tarn::api::TransferId id, const QString& capability);
    /// A request that made no transfer (a link, a bad capability): what could not be queued, and why. Where it was very
    /// many, one stands for the rest.
    void refused(const QString& what, const QString& errorCode, const QString& detail);
};

}  // namespace tarn::api

Q_DECLARE_METATYPE(tarn::api::TransferSnapshot)
