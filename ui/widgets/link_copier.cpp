#include "ui/widgets/link_copier.h"

#include <QAbstractButton>
#include <QClipboard>
#include <QGuiApplication>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QStringList>

namespace tarn::ui {

LinkCopier::LinkCopier(api::Transfers& transfers, SeenNotices& notices, QWidget& window)
    : QObject(&window), m_transfers(transfers), m_notices(notices), m_window(window) {
    connect(&m_transfers, &api::Transfers::capabilityReady, this, &LinkCopier::take);
}

void LinkCopier::copy(const QList<api::TransferId>& ids) {
    if (ids.isEmpty()) {
        return;
    }
    m_wanted = ids;
    m_arrived.clear();
    if (m_notices.seen(SeenNotices::Notice::LinkGivesAccess)) {
        request();
    } else if (m_question.isNull()) {
        ask();
    }
}

void LinkCopier::ask() {
    m_question =
        new QMessageBox(QMessageBox::NoIcon, tr("Copy link"), tr("A link is a key: whoever has it can read the file."),
                        QMessageBox::Cancel, &m_window);
    m_question->setInformativeText(
        tr("It cannot be called back once you have given it away. Nobody can change the file "
           "with it. Keep it: without its link nobody can read the file, not even you.\n\n"
           "This is said only once."));
    QPushButton* copyButton = m_question->addButton(tr("Copy link"), QMessageBox::AcceptRole);
    m_question->setDefaultButton(copyButton);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_question, &QMessageBox::buttonClicked, this, [this, copyButton](const QAbstractButton* pressed) {
        if (pressed == copyButton) {
            m_notices.remember(SeenNotices::Notice::LinkGivesAccess);
            request();
        } else {
            m_wanted.clear();
        }
    });
    m_question->open();  // returns at once: no event loop inside an event loop
}

void LinkCopier::request() {
    const QList<api::TransferId> ids = m_wanted;  // an answer may come before the last one is asked for
    for (const api::TransferId id : ids) {
        m_transfers.requestCapability(id);
    }
}

void LinkCopier::take(api::TransferId id, const QString& capability) {
    if (!m_wanted.contains(id)) {
        return;
    }
    m_arrived.insert(id, capability);
    if (m_arrived.size() < m_wanted.size()) {
        return;
    }
    QStringList lines;
    for (const api::TransferId wanted : std::as_const(m_wanted)) {
        lines.append(m_arrived.value(wanted));
    }
    auto* content = new QMimeData;
    content->setText(lines.join(QLatin1Char('\n')));
    // Asks clipboard histories not to keep it, as password managers do.
    content->setData(QStringLiteral("x-kde-passwordManagerHint"), QByteArrayLiteral("secret"));
    QGuiApplication::clipboard()->setMimeData(content);
    m_wanted.clear();
    m_arrived.clear();
    Q_EMIT copied(static_cast<int>(lines.size()));
}

}  // namespace tarn::ui
