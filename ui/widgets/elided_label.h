#pragma once

#include <QLabel>

namespace tarn::ui {

/// One line of plain text that ends in an ellipsis where it does not fit; the tooltip has it whole.
class ElidedLabel : public QLabel {
    Q_OBJECT

public:
    explicit ElidedLabel(QWidget* parent = nullptr);
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace tarn::ui
