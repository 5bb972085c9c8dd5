#pragma once

#include <QWidget>

namespace tarn::ui {

/// Covers its parent while files are dragged above the window, and says what letting go will do.
class DropOverlay : public QWidget {
    Q_OBJECT

public:
    explicit DropOverlay(QWidget* parent);
    /// Covers the parent. `files` is how many would be uploaded.
    void cover(int files);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_text;
};

}  // namespace tarn::ui
