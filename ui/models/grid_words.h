#pragma once

#include "core/api/engine.h"
#include "ui/models/transfer_words.h"

#include <QCoreApplication>

namespace tarn::ui {

/// What the open grid means for a person's files.
class GridWords {
    Q_DECLARE_TR_FUNCTIONS(GridWords)

public:
    /// "1 server: this computer" or "5 servers"
    [[nodiscard]] static QString servers(const api::GridSnapshot& grid);
    /// What an upload becomes, and what may fail without losing it.
    [[nodiscard]] static Sentence promise(const api::GridSnapshot& grid);
};

}  // namespace tarn::ui
