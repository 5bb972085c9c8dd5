#include "ui/models/seen_notices.h"

namespace tarn::ui {
namespace {

QString key(SeenNotices::Notice notice) {
    switch (notice) {
    case SeenNotices::Notice::KeepsRunningInTray: return QStringLiteral("seen/keepsRunningInTray");
    case SeenNotices::Notice::LinkGivesAccess: return QStringLiteral("seen/linkGivesAccess");
    }
    return {};
}

}  // namespace

bool SeenNotices::seen(Notice notice) const {
    return m_settings.value(key(notice), false).toBool();
}

void SeenNotices::remember(Notice notice) {
    m_settings.setValue(key(notice), true);
}

}  // namespace tarn::ui
