#pragma once

#include "core/api/home_server.h"
#include "core/api/transfers.h"

#include <QObject>
#include <QString>

namespace tarn::api {

/// What the open profile means for a person's files.
struct GridSnapshot {
    int servers = 0;
    int required = 0;  ///< k: pieces that rebuild a file
    int happy = 0;
    int total = 0;          ///< n: pieces made
    bool homeOnly = false;  ///< the only server is this computer
    bool operator==(const GridSnapshot&) const = default;
};

/// The engine as the desktop sees it: one open profile. Thread: the one it was made for (the GUI's).
class Engine : public QObject {
    Q_OBJECT

public:
    enum class State : std::uint8_t { NoProfile, Opening, Ready, Failed };
    using QObject::QObject;

    [[nodiscard]] virtual State state() const = 0;
    [[nodiscard]] virtual GridSnapshot grid() const = 0;
    [[nodiscard]] virtual Transfers& transfers() = 0;
    [[nodiscard]] virtual HomeServer& homeServer() = 0;
    /// First run, "start on this computer": makes the profile, opens it, starts the home server.
    virtual void createHomeProfile() = 0;

Q_SIGNALS:
    void stateChanged(tarn::api::Engine::State state);
    void gridChanged(const tarn::api::GridSnapshot& grid);
    /// The profile could not be made or opened; `state` is Failed.
    void failed(const QString& errorCode, const QString& detail);
};

}  // namespace tarn::api
