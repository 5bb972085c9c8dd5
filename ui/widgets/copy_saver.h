#pragma once

#include "core/api/transfers.h"

#include <QList>
#include <QObject>

class QWidget;

namespace tarn::ui {

/// Asks where copies of finished uploads shall go and queues their downloads.
///
/// One file: a name to save it as. Several: a folder; none of them takes the place of a file that is there.
class CopySaver : public QObject {
    Q_OBJECT

public:
    CopySaver(api::Transfers& transfers, QWidget& window);
    void save(const QList<api::TransferSnapshot>& finished);

    /// `name` made fit for a file in `folder` and different from the files that are there and from `taken`.
    [[nodiscard]] static QString freePath(const QString& folder, const QString& name, const QList<QString>& taken);

private:
    void saveOne(const api::TransferSnapshot& transfer);
    void saveMany(const QList<api::TransferSnapshot>& transfers);

    api::Transfers& m_transfers;
    QWidget& m_window;
    QString m_folder;  ///< where the last copies went
};

}  // namespace tarn::ui
