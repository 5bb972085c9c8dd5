#include "ui/widgets/copy_saver.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QStandardPaths>
#include <QWidget>

namespace tarn::ui {
namespace {

QFileDialog* openDialog(QWidget& window, const QString& title, const QString& folder) {
    auto* dialog = new QFileDialog(&window, title, folder);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    return dialog;
}

}  // namespace

CopySaver::CopySaver(api::Transfers& transfers, QWidget& window)
    : QObject(&window), m_transfers(transfers), m_window(window),
      m_folder(QStandardPaths::writableLocation(QStandardPaths::DownloadLocation)) {}

void CopySaver::save(const QList<api::TransferSnapshot>& finished) {
    if (finished.size() == 1) {
        saveOne(finished.first());
    } else if (!finished.isEmpty()) {
        saveMany(finished);
    }
}

void CopySaver::saveOne(const api::TransferSnapshot& transfer) {
    QFileDialog* dialog = openDialog(m_window, tr("Save a copy"), m_folder);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->selectFile(transfer.name);
    connect(dialog, &QFileDialog::fileSelected, this, [this, id = transfer.id](const QString& path) {
        m_folder = QFileInfo(path).path();
        m_transfers.saveCopy(id, path);
    });
    dialog->open();
}

void CopySaver::saveMany(const QList<api::TransferSnapshot>& transfers) {
    QFileDialog* dialog =
        openDialog(m_window, tr("Save %n copies", nullptr, static_cast<int>(transfers.size())), m_folder);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, this, [this, transfers](const QString& folder) {
        m_folder = folder;
        QList<QString> taken;
        for (const api::TransferSnapshot& transfer : transfers) {
            taken.append(freePath(folder, transfer.name, taken));
            m_transfers.saveCopy(transfer.id, taken.last());
        }
    });
    dialog->open();
}

QString CopySaver::freePath(const QString& folder, const QString& name, const QList<QString>& taken) {
    // The name is another program's word: only its last part, and nothing that means a folder.
    QString safe = QFileInfo(name).fileName();
    if (safe.isEmpty() || safe == QLatin1String(".") || safe == QLatin1String("..")) {
        safe = tr("copy");
    }
    const QDir target(folder);
    QString path = target.filePath(safe);
    const QFileInfo parts(safe);
    const bool split = !parts.suffix().isEmpty() && !parts.completeBaseName().isEmpty();  // not ".profile"
    const QString base = split ? parts.completeBaseName() : safe;
    const QString suffix = split ? QLatin1Char('.') + parts.suffix() : QString();
    for (int number = 2; taken.contains(path) || QFileInfo::exists(path); ++number) {
        path = target.filePath(QStringLiteral("%1 (%2)%3").arg(base, QString::number(number), suffix));
    }
    return path;
}

}  // namespace tarn::ui
