#pragma once

#include <QObject>
#include <QString>

namespace tarn::api {

/// The storage server on this computer, as it stands.
struct HomeServerSnapshot {
    enum class State : std::uint8_t { Off, Starting, On, Stopping, Failed, ElsewhereOnThisComputer };
    State state = State::Off;
    QString folder;
    QString address;  ///< host and port; no secret
    quint64 shares = 0;
    quint64 bytesStored = 0;
    quint64 bytesAvailable = 0;
    quint64 requests = 0;     ///< since it was switched on
    quint64 connections = 0;  ///< now
    quint64 clients = 0;      ///< addresses that were seen since it was switched on
    QString errorCode;        ///< of Failed
    QString errorDetail;
    bool operator==(const HomeServerSnapshot&) const = default;
};

/// Switches the local storage server on and off while the program runs. Thread and signals: as Transfers.
class HomeServer : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;
    [[nodiscard]] virtual HomeServerSnapshot snapshot() const = 0;
    /// Also remembered for the next start.
    virtual void setEnabled(bool enabled) = 0;

Q_SIGNALS:
    void changed(const tarn::api::HomeServerSnapshot& snapshot);
};

}  // namespace tarn::api

Q_DECLARE_METATYPE(tarn::api::HomeServerSnapshot)
