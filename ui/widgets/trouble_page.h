#pragma once

#include <QWidget>

class QLabel;

namespace tarn::ui {

/// Shown when the profile cannot be opened: what happened, what is kept, what to do.
class TroublePage : public QWidget {
    Q_OBJECT

public:
    explicit TroublePage(QWidget* parent = nullptr);
    void setTrouble(const QString& errorCode, const QString& detail);

Q_SIGNALS:
    void retryWanted();
    void quitWanted();

private:
    QLabel* m_what;
    QLabel* m_kept;
    QLabel* m_advice;
    QLabel* m_detail;
};

}  // namespace tarn::ui
