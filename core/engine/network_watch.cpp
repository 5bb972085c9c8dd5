#include "core/engine/network_watch.h"

#include <QNetworkInformation>
#include <QObject>

#include <utility>

namespace tarn::engine {

namespace {

class SystemNetworkWatch final : public NetworkWatch {
public:
    explicit SystemNetworkWatch(const std::function<void()>& changed) {
        using Feature = QNetworkInformation::Feature;
        if (!QNetworkInformation::loadBackendByFeatures(Feature::Metered | Feature::Reachability) &&
            !QNetworkInformation::loadBackendByFeatures(Feature::Metered)) {
            return;
        }
        auto* const information = QNetworkInformation::instance();
        QObject::connect(information, &QNetworkInformation::isMeteredChanged, &m_here, changed);
        QObject::connect(information, &QNetworkInformation::reachabilityChanged, &m_here, changed);
    }

    [[nodiscard]] bool metered() const override {
        const auto* const information = QNetworkInformation::instance();
        return information != nullptr && information->isMetered();
    }

private:
    QObject m_here;  // the system's object may live on another thread: what it says is brought to this one
};

}  // namespace

std::unique_ptr<NetworkWatch> systemNetworkWatch(std::function<void()> changed) {
    return std::make_unique<SystemNetworkWatch>(std::move(changed));
}

}  // namespace tarn::engine
