#pragma once

#include <QLocalServer>
#include <QLockFile>
#include <QObject>
#include <QString>
#include <QStringList>

#include <chrono>
#include <memory>

namespace tarn::desktop {

/// One desktop a profile: the first takes the place, a later one hands its files to it.
///
/// The place is a lock file and a local socket in the person's own runtime folder (mode 0700), named by a hash of the
/// profile's path. A lock left by a program that died is taken over. Thread: GUI.
class SingleInstance : public QObject {
    Q_OBJECT

public:
    /// `runtimeFolder` must be the person's alone; see `defaultRuntimeFolder`.
    SingleInstance(const QString& profileFolder, const QString& runtimeFolder, QObject* parent = nullptr);
    ~SingleInstance() override;

    /// Empty when there is no folder that is safe for it.
    [[nodiscard]] static QString defaultRuntimeFolder();

    /// Takes the place and listens. False: another instance has it. True without a place where there is no folder to
    /// hold it: the profile's own lock still keeps two programs apart.
    [[nodiscard]] bool claim();
    /// Hands the files to the first instance and waits until it has taken them. Blocks: for use before any window is
    /// shown. False: it did not answer in time.
    [[nodiscard]] bool handOver(const QStringList& absolutePaths, std::chrono::milliseconds patience) const;

Q_SIGNALS:
    /// A later instance was started with these files; with none, to see the window.
    void summoned(const QStringList& absolutePaths);

private:
    void serve();

    QString m_socketPath;
    QLockFile m_lock;
    QLocalServer m_server;
};

}  // namespace tarn::desktop
