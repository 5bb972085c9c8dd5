#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace tarn::ui {

/// What an empty list shows: a place to drop files, and a button for those who would rather choose.
class DropArea : public QWidget {
    Q_OBJECT

public:
    explicit DropArea(QWidget* parent = nullptr);
    /// One line on what becomes of a file here.
    void setPromise(const QString& promise);

Q_SIGNALS:
    void addFilesWanted();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* m_promise;
};

}  // namespace tarn::ui
