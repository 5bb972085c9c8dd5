#pragma once

#include <QWidget>

namespace tarn::ui {

/// The first page of a new profile: where files shall be kept, and what that means for their safety.
class FirstRunPage : public QWidget {
    Q_OBJECT

public:
    explicit FirstRunPage(QWidget* parent = nullptr);

Q_SIGNALS:
    void startHereWanted();
};

}  // namespace tarn::ui
