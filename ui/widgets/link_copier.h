#pragma once

#include "core/api/transfers.h"
#include "ui/models/seen_notices.h"

#include <QList>
#include <QMap>
#include <QObject>
#include <QPointer>

class QMessageBox;
class QWidget;

namespace tarn::ui {

/// Puts the capabilities of finished transfers on the clipboard, one a line in queue order.
///
/// The first time it says what a link gives away and asks. A capability is held only from its arrival until all that
/// were asked for are there. A new request takes the place of one that was not answered.
class LinkCopier : public QObject {
    Q_OBJECT

public:
    /// All outlive this. `window` is what the question belongs to.
    LinkCopier(api::Transfers& transfers, SeenNotices& notices, QWidget& window);

    void copy(const QList<api::TransferId>& ids);

Q_SIGNALS:
    void copied(int links);

private:
    void ask();
    void request();
    void take(api::TransferId id, const QString& capability);

    api::Transfers& m_transfers;
    SeenNotices& m_notices;
    QWidget& m_window;
    QList<api::TransferId> m_wanted;
    QMap<api::TransferId, QString> m_arrived;
    QPointer<QMessageBox> m_question;
};

}  // namespace tarn::ui
