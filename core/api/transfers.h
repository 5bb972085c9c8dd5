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
enum class TransferState : std::uint8_t { Queued, Running, Done, Failed, Cancelled };

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
    QString errorCode;    ///< errorName of a failed one
    QString errorDetail;  ///< for a second look; never a secret
    bool operator==(const TransferSnapshot&) const = default;
};

/// The transfer queue as the desktop and the command line see it.
///
/// Thread: the one it was made for (the GUI's); calls return at once, work happens on the engine's thread and comes
/// back as queued signals. Changes are gathered: at most some ten signals a second, whatever the number of transfers.
class Transfers : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    /// All transfers in queue order.
    [[nodiscard]] virtual QList<TransferSnapshot> snapshots() const = 0;

    /// Queues files for upload. Each shows up by `added` once its row is on disk.
    virtual void upload(const QStringList& paths) = 0;
    /// Queues a download of the file that a finished transfer put.
    virtual void saveCopy(TransferId finished, const QString& targetPath) = 0;
    /// Queues a download by capability.
    virtual void download(const QString& capability, const QString& targetPath) = 0;
    virtual void cancel(TransferId id) = 0;
    /// Starts a failed or cancelled one again.
    virtual void retry(TransferId id) = 0;
    /// Takes a transfer that is not running off the list.
    virtual void remove(TransferId id) = 0;
    /// Asks for a finished transfer's capability; the answer comes by `capabilityReady`.
    virtual void requestCapability(TransferId id) = 0;

Q_SIGNALS:
    void added(const QList<tarn::api::TransferSnapshot>& snapshots);
    void changed(const QList<tarn::api::TransferSnapshot>& snapshots);
    void removed(tarn::api::TransferId id);
    /// A secret, for the clipboard alone.
    void capabilityReady(tarn::api::TransferId id, const QString& capability);
    /// A request that made no transfer (a folder, a bad capability): what could not be queued, and why.
    void refused(const QString& what, const QString& errorCode, const QString& detail);
};

}  // namespace tarn::api

Q_DECLARE_METATYPE(tarn::api::TransferSnapshot)
