#pragma once

#include "core/api/home_server.h"
#include "ui/models/transfer_words.h"

#include <QCoreApplication>
#include <QLocale>

namespace tarn::ui {

/// The storage server on this computer in words. Its address is host and port, never a secret.
class HomeServerWords {
    Q_DECLARE_TR_FUNCTIONS(HomeServerWords)

public:
    /// "On", "Starting…", "Off"
    [[nodiscard]] static Sentence state(const api::HomeServerSnapshot& server);
    /// What that means for a person's files.
    [[nodiscard]] static QString meaning(const api::HomeServerSnapshot& server, bool onlyServer);
    /// "24 pieces, 1.3 GB"
    [[nodiscard]] static QString holding(const api::HomeServerSnapshot& server, const QLocale& locale);
    /// Whether the switch shows as on: it follows the wish at once, the state words follow the server.
    [[nodiscard]] static bool showsOn(const api::HomeServerSnapshot& server);
    /// Whether the switch can be used now.
    [[nodiscard]] static bool canSwitch(const api::HomeServerSnapshot& server);
};

}  // namespace tarn::ui
