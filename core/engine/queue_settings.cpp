#include "core/engine/queue_settings.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

namespace tarn::engine {

namespace {

struct Flag {
    std::string_view name;
    bool api::QueueSettings::*value;
};
struct Number {
    std::string_view name;
    quint64 api::QueueSettings::*value;
};
constexpr std::array flags{Flag{"held", &api::QueueSettings::held},
                           Flag{"pause_on_metered", &api::QueueSettings::pauseOnMetered}};
constexpr std::array numbers{Number{"limit_total_up", &api::QueueSettings::totalUp},
                             Number{"limit_total_down", &api::QueueSettings::totalDown},
                             Number{"limit_server_up", &api::QueueSettings::serverUp},
                             Number{"limit_server_down", &api::QueueSettings::serverDown}};

}  // namespace

Result<api::QueueSettings> readQueueSettings(journal::Journal& journal) {
    api::QueueSettings settings;
    for (const auto& flag : flags) {
        const auto value = journal.setting(flag.name, 0);
        if (!value) {
            return failure(value.error());
        }
        settings.*flag.value = *value != 0;
    }
    for (const auto& number : numbers) {
        const auto value = journal.setting(number.name, 0);
        if (!value) {
            return failure(value.error());
        }
        settings.*number.value = *value > 0 ? static_cast<quint64>(*value) : 0;
    }
    return settings;
}

Result<void> writeQueueSettings(journal::Journal& journal, const api::QueueSettings& settings) {
    for (const auto& flag : flags) {
        if (auto written = journal.setSetting(flag.name, settings.*flag.value ? 1 : 0); !written) {
            return written;
        }
    }
    for (const auto& number : numbers) {
        const auto most = static_cast<quint64>(std::numeric_limits<std::int64_t>::max());
        const auto value = static_cast<std::int64_t>(std::min(settings.*number.value, most));
        if (auto written = journal.setSetting(number.name, value); !written) {
            return written;
        }
    }
    return {};
}

}  // namespace tarn::engine
