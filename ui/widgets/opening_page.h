#pragma once

#include <QWidget>

namespace tarn::ui {

/// Shown while the profile is made or opened: most often for less than a blink.
class OpeningPage : public QWidget {
    Q_OBJECT

public:
    explicit OpeningPage(QWidget* parent = nullptr);
};

}  // namespace tarn::ui
