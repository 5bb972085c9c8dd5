#pragma once

#include <QSettings>

namespace tarn::ui {

/// Which explanations a person has read and need not see again; kept in the desktop's settings.
class SeenNotices {
public:
    enum class Notice : std::uint8_t { KeepsRunningInTray, LinkGivesAccess };

    /// `settings` outlives this.
    explicit SeenNotices(QSettings& settings) : m_settings(settings) {}
    [[nodiscard]] bool seen(Notice notice) const;
    void remember(Notice notice);

private:
    QSettings& m_settings;
};

}  // namespace tarn::ui
