#pragma once

#include "ui/models/transfer_words.h"

#include <QFrame>
#include <QStringList>

class QLabel;

namespace tarn::ui {

/// News that needs no answer, above the list: it stays until it is read and closed, and never stands in the way.
class NoticeBar : public QFrame {
    Q_OBJECT

public:
    explicit NoticeBar(QWidget* parent = nullptr);
    /// Shows a line. Lines of one trouble after another add up, a long run of them is counted; anything else replaces
    /// what was there.
    void tell(const QString& text, Tone tone);
    [[nodiscard]] QString text() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void forget();

    QLabel* m_label;
    QStringList m_lines;
    Tone m_tone = Tone::Plain;
};

}  // namespace tarn::ui
