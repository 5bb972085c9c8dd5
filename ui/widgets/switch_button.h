#pragma once

#include <QAbstractButton>

namespace tarn::ui {

/// An on/off switch. To a screen reader and the keyboard it is a check box.
class SwitchButton : public QAbstractButton {
    Q_OBJECT

public:
    explicit SwitchButton(QWidget* parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace tarn::ui
