#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <memory>

namespace tarn::desktop {

/// Turns SIGTERM, SIGINT and SIGHUP into a Qt signal, so that an ended session ends the program in good order. One at a
/// time.
class SignalWatch : public QObject {
    Q_OBJECT

public:
    explicit SignalWatch(QObject* parent = nullptr);
    ~SignalWatch() override;
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

Q_SIGNALS:
    void ended();

private:
    int m_readEnd = -1;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

}  // namespace tarn::desktop
