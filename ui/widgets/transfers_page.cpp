#include "ui/widgets/transfers_page.h"

#include "core/api/error_text.h"
#include "ui/models/grid_words.h"
#include "ui/widgets/copy_saver.h"
#include "ui/widgets/drop_area.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/link_copier.h"
#include "ui/widgets/notice_bar.h"
#include "ui/widgets/tone_colours.h"
#include "ui/widgets/transfer_row.h"
#include "ui/widgets/transfer_view.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QFuture>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QStackedWidget>
#include <QStandardPaths>
#include <QTimer>
#include <QVBoxLayout>
#include <QtConcurrentRun>

#include <algorithm>

namespace tarn::ui {

TransfersPage::TransfersPage(api::Transfers& transfers, TransferModel& model, SeenNotices& notices, QWidget* parent)
    : QWidget(parent), m_transfers(transfers), m_model(model), m_view(new TransferView(model, this)),
      m_dropArea(new DropArea(this)), m_notice(new NoticeBar(this)), m_stack(new QStackedWidget(this)),
      m_counts(new ElidedLabel(this)), m_pace(new QLabel(this)), m_addButton(new QPushButton(this)),
      m_holdButton(new QPushButton(this)), m_footer(new QWidget(this)),
      m_linkCopier(new LinkCopier(transfers, notices, *this)), m_copySaver(new CopySaver(transfers, *this)) {
    makeActions();
    layOut();

    connect(m_dropArea, &DropArea::addFilesWanted, this, &TransfersPage::chooseFiles);
    connect(m_view, &TransferView::actionPressed, this,
            [this](TransferAction action, api::TransferId id) { act(action, {id}); });
    connect(m_view, &TransferView::selectionTurned, this, &TransfersPage::updateActions);
    m_view->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_view, &QWidget::customContextMenuRequested, this, &TransfersPage::showMenu);
    connect(&m_model, &TransferModel::totalsChanged, this, &TransfersPage::updateTotals);
    connect(&m_model, &QAbstractItemModel::dataChanged, this, &TransfersPage::updateActions);
    connect(&m_model, &QAbstractItemModel::rowsRemoved, this, &TransfersPage::updateStack);
    connect(&m_model, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex&, int first, int last) {
        updateStack();
        if (m_followNew) {
            m_followNew = false;
            m_view->scrollTo(m_model.index(last));
            m_view->scrollTo(m_model.index(first));
        }
    });
    connect(&m_transfers, &api::Transfers::settingsChanged, this, &TransfersPage::showHeld);
    connect(&m_transfers, &api::Transfers::refused, this, &TransfersPage::explainRefusal);
    connect(m_linkCopier, &LinkCopier::copied, this,
            [this](int links) { tell(tr("%n link(s) copied.", nullptr, links), Tone::Good); });

    setGrid(m_model.grid());
    showHeld(m_transfers.settings());
    updateStack();
    updateTotals();
    updateActions();
}

QAction* TransfersPage::makeAction(const QString& text, const QKeySequence& keys, const QString& tip) {
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    action->setToolTip(tip);
    action->setStatusTip(tip);
    QWidget::addAction(action);
    return action;
}

void TransfersPage::makeActions() {
    m_add = makeAction(tr("&Add files…"), QKeySequence::Open, tr("Choose files to store"));
    connect(m_add, &QAction::triggered, this, &TransfersPage::chooseFiles);
    m_selectAll = makeAction(tr("Select &all"), QKeySequence::SelectAll, tr("Select every transfer"));
    connect(m_selectAll, &QAction::triggered, m_view, &QAbstractItemView::selectAll);

    const auto add = [this](TransferAction kind, const QString& text, const QKeySequence& keys, const QString& tip) {
        QAction* action = makeAction(text, keys, tip);
        connect(action, &QAction::triggered, this, [this, kind] { act(kind, m_view->selectedIds()); });
        m_actions.insert(kind, action);
    };
    add(TransferAction::CopyLink, tr("Copy &link"), QKeySequence::Copy,
        tr("Copy the file's capability: the key to read it"));
    add(TransferAction::SaveCopy, tr("&Save a copy…"), QKeySequence::Save, tr("Fetch the file back from the servers"));
    add(TransferAction::Retry, tr("&Retry"), QKeySequence(Qt::Key_F5), tr("Start it again"));
    add(TransferAction::Pause, tr("&Pause"), QKeySequence(Qt::CTRL | Qt::Key_P),
        tr("Stop it for now; it goes on where it stopped"));
    add(TransferAction::Resume, tr("Res&ume"), QKeySequence(Qt::CTRL | Qt::Key_R), tr("Go on where it stopped"));
    add(TransferAction::ToTop, tr("Move to the &top"), QKeySequence(Qt::ALT | Qt::Key_Home),
        tr("Make it the first of the list"));
    add(TransferAction::Up, tr("Move &up"), QKeySequence(Qt::ALT | Qt::Key_Up),
        tr("Let it change places with the one before"));
    add(TransferAction::Down, tr("Move &down"), QKeySequence(Qt::ALT | Qt::Key_Down),
        tr("Let it change places with the one behind"));
    add(TransferAction::ToBottom, tr("Move to the &bottom"), QKeySequence(Qt::ALT | Qt::Key_End),
        tr("Make it the last of the list"));
    add(TransferAction::FirstAmongAll, tr("Start &before others"), {}, tr("Wherever it stands in the list"));
    add(TransferAction::AsOthers, tr("Start &in the list's order"), {}, tr("As it stands in the list"));
    add(TransferAction::AfterOthers, tr("Start &after others"), {}, tr("Wherever it stands in the list"));
    add(TransferAction::Cancel, tr("&Cancel"), {}, tr("Stop it; your own file is untouched"));
    add(TransferAction::Remove, tr("Re&move from the list"), {}, tr("Take it off the list"));
    m_hold = makeAction({}, QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_P), {});
    connect(m_hold, &QAction::triggered, this, [this] {
        api::QueueSettings settings = m_transfers.settings();
        settings.held = !settings.held;
        m_transfers.setSettings(settings);
    });
    // One key for both: it stops what runs, and takes what has come to rest off the list.
    auto* deleteKey = makeAction(tr("Cancel or remove"), QKeySequence::Delete, {});
    connect(deleteKey, &QAction::triggered, this, &TransfersPage::deleteSelected);
}

void TransfersPage::layOut() {
    auto* title = new QLabel(tr("Transfers"), this);
    QFont large = title->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    large.setWeight(QFont::DemiBold);
    title->setFont(large);
    m_addButton->setText(tr("Add files…"));
    m_addButton->setMinimumHeight(32);
    m_addButton->setMinimumWidth(m_addButton->sizeHint().width() + 24);
    QSizePolicy steady = m_addButton->sizePolicy();
    steady.setRetainSizeWhenHidden(true);  // the header keeps its height when the list fills
    m_addButton->setSizePolicy(steady);
    connect(m_addButton, &QPushButton::clicked, this, &TransfersPage::chooseFiles);
    m_holdButton->setMinimumHeight(32);
    m_holdButton->setSizePolicy(steady);
    connect(m_holdButton, &QPushButton::clicked, m_hold, &QAction::trigger);
    auto* header = new QHBoxLayout;
    header->setContentsMargins(20, 16, 16, 12);
    header->addWidget(title);
    header->addStretch();
    header->addWidget(m_holdButton);
    header->addSpacing(8);
    header->addWidget(m_addButton);

    auto* dropFrame = new QWidget(this);
    auto* dropLayout = new QVBoxLayout(dropFrame);
    dropLayout->setContentsMargins(20, 0, 20, 20);
    dropLayout->addWidget(m_dropArea);
    m_stack->addWidget(dropFrame);
    m_stack->addWidget(m_view);

    auto* noticeFrame = new QVBoxLayout;
    noticeFrame->setContentsMargins(16, 0, 16, 0);
    noticeFrame->addWidget(m_notice);

    m_pace->setTextFormat(Qt::PlainText);
    m_counts->setAccessibleName(tr("Totals"));
    auto* footer = new QHBoxLayout(m_footer);
    footer->setContentsMargins(20, 8, 20, 8);
    footer->addWidget(m_counts, 1);
    footer->addSpacing(16);
    footer->addWidget(m_pace);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(header);
    column->addLayout(noticeFrame);
    column->addSpacing(8);
    column->addWidget(m_stack, 1);
    column->addWidget(m_footer);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_footer->setAutoFillBackground(true);
    m_footer->setBackgroundRole(QPalette::Window);
}

void TransfersPage::upload(const QStringList& paths) {
    if (!paths.isEmpty()) {
        m_followNew = true;
        m_transfers.upload(paths);
    }
}

void TransfersPage::chooseFiles() {
    auto* dialog =
        new QFileDialog(this, tr("Add files"), QStandardPaths::writableLocation(QStandardPaths::HomeLocation));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFiles);
    connect(dialog, &QFileDialog::filesSelected, this, &TransfersPage::upload);
    dialog->open();
}

void TransfersPage::tell(const QString& text, Tone tone) {
    m_notice->tell(text, tone);
}

void TransfersPage::explainRefusal(const QString& what, const QString& errorCode) {
    const QString name = QFileInfo(what).fileName();
    const auto explain = [this, name, errorCode](bool isFolder) {
        const api::ErrorText text = api::errorText(errorCode);
        const QString sentences = text.what + QLatin1Char(' ') + text.advice;
        if (isFolder) {
            tell(tr("“%1” is a folder that could not be read to its end.").arg(name), Tone::Caution);
        } else {
            tell(name.isEmpty() ? sentences : tr("“%1”: %2", "what was refused, and why").arg(name, sentences),
                 Tone::Caution);
        }
    };
    // A look at a disk may take its time, so it is not done on this thread.
    QtConcurrent::run([what] { return QFileInfo(what).isDir(); }).then(this, explain);
}

void TransfersPage::setGrid(const api::GridSnapshot& grid) {
    m_model.setGrid(grid);
    m_dropArea->setPromise(GridWords::promise(grid).text);
}

QAction* TransfersPage::action(TransferAction action) const {
    return m_actions.value(action);
}

QList<api::TransferId> TransfersPage::allowed(const QList<api::TransferId>& ids, TransferAction action) const {
    QList<api::TransferId> fitting;
    // Of what is not known the engine decides: it passes over what an action does not fit. A link or a copy is for what
    // is known alone, since somebody waits for each of them.
    const bool knownAlone = action == TransferAction::CopyLink || action == TransferAction::SaveCopy;
    for (const api::TransferId id : ids) {
        const api::TransferSnapshot* transfer = m_model.known(id);
        if (transfer != nullptr ? allows(*transfer, action) : !knownAlone && m_model.rowOf(id) >= 0) {
            fitting.append(id);
        }
    }
    return fitting;
}

void TransfersPage::act(TransferAction action, const QList<api::TransferId>& ids) {
    const QList<api::TransferId> fitting = allowed(ids, action);
    if (fitting.isEmpty()) {
        return;
    }
    switch (action) {
    case TransferAction::Cancel: m_transfers.cancel(fitting); break;
    case TransferAction::Retry: m_transfers.retry(fitting); break;
    case TransferAction::Pause: m_transfers.pause(fitting); break;
    case TransferAction::Resume: m_transfers.resume(fitting); break;
    case TransferAction::ToTop: m_transfers.move(fitting, api::QueueStep::Top); break;
    case TransferAction::Up: m_transfers.move(fitting, api::QueueStep::Up); break;
    case TransferAction::Down: m_transfers.move(fitting, api::QueueStep::Down); break;
    case TransferAction::ToBottom: m_transfers.move(fitting, api::QueueStep::Bottom); break;
    case TransferAction::FirstAmongAll: m_transfers.prioritise(fitting, api::Priority::High); break;
    case TransferAction::AsOthers: m_transfers.prioritise(fitting, api::Priority::Normal); break;
    case TransferAction::AfterOthers: m_transfers.prioritise(fitting, api::Priority::Low); break;
    case TransferAction::CopyLink: m_linkCopier->copy(fitting); break;
    case TransferAction::SaveCopy: {
        QList<api::TransferSnapshot> finished;
        for (const api::TransferId id : fitting) {
            finished.append(*m_model.known(id));
        }
        m_copySaver->save(finished);
        break;
    }
    case TransferAction::Remove: remove(fitting); break;
    }
}

void TransfersPage::remove(const QList<api::TransferId>& ids) {
    const auto takeOff = [this](const QList<api::TransferId>& gone) {
        m_transfers.remove(gone);
    };
    const auto holdsTheLink = [this](api::TransferId id) {
        const api::TransferSnapshot* transfer = m_model.known(id);  // what is not known may hold one
        return transfer == nullptr || (transfer->hasCapability && transfer->direction == api::Direction::Upload);
    };
    const auto links = static_cast<int>(std::count_if(ids.begin(), ids.end(), holdsTheLink));
    if (links == 0) {
        takeOff(ids);
        return;
    }
    // The row is where the link is kept: without it the stored file is out of reach for good.
    auto* question =
        new QMessageBox(QMessageBox::NoIcon, tr("Remove from the list"),
                        tr("Remove %n stored file(s) from the list?", nullptr, links), QMessageBox::Cancel, this);
    question->setInformativeText(
        tr("The link is removed with it. Without the link nobody can fetch the stored file again: copy it first if you "
           "want to keep it. The file on this computer is untouched."));
    QPushButton* removeButton = question->addButton(tr("Remove"), QMessageBox::DestructiveRole);
    question->setDefaultButton(QMessageBox::Cancel);
    question->setAttribute(Qt::WA_DeleteOnClose);
    connect(question, &QMessageBox::buttonClicked, this, [ids, removeButton, takeOff](const QAbstractButton* pressed) {
        if (pressed == removeButton) {
            takeOff(ids);
        }
    });
    question->open();
}

void TransfersPage::deleteSelected() {
    const QList<api::TransferId> ids = m_view->selectedIds();
    const QList<api::TransferId> active = allowed(ids, TransferAction::Cancel);
    // First a press stops what runs; only a press on what is at rest takes it off the list.
    if (!active.isEmpty()) {
        act(TransferAction::Cancel, active);
    } else {
        act(TransferAction::Remove, ids);
    }
}

void TransfersPage::showMenu(const QPoint& point) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    if (!m_view->selectionModel()->hasSelection()) {
        menu->addAction(m_add);
    } else {
        for (const QList<TransferAction>& group : actionGroups()) {
            for (const TransferAction kind : group) {
                if (action(kind)->isEnabled()) {
                    menu->addAction(action(kind));
                }
            }
            menu->addSeparator();
        }
        menu->addAction(m_selectAll);
    }
    menu->popup(m_view->viewport()->mapToGlobal(point));
}

void TransfersPage::updateActions() {
    // Asked for by every change of a row: once for all that come together is enough.
    if (m_actionsStale) {
        return;
    }
    m_actionsStale = true;
    QTimer::singleShot(0, this, [this] {
        m_actionsStale = false;
        for (auto entry = m_actions.cbegin(); entry != m_actions.cend(); ++entry) {
            entry.value()->setEnabled(m_view->selectionAllows(entry.key()));
        }
        m_selectAll->setEnabled(m_model.rowCount() > 0);
    });
}

QList<QList<TransferAction>> TransfersPage::actionGroups() {
    return {{TransferAction::CopyLink, TransferAction::SaveCopy},
            {TransferAction::Pause, TransferAction::Resume, TransferAction::Retry, TransferAction::Cancel,
             TransferAction::Remove},
            {TransferAction::ToTop, TransferAction::Up, TransferAction::Down, TransferAction::ToBottom},
            {TransferAction::FirstAmongAll, TransferAction::AsOthers, TransferAction::AfterOthers}};
}

void TransfersPage::showHeld(const api::QueueSettings& settings) {
    const QString text = settings.held ? tr("Resume all") : tr("Pause all");
    m_hold->setText(settings.held ? tr("Resume a&ll") : tr("Pause a&ll"));
    m_hold->setToolTip(settings.held ? tr("Let the whole queue go on") : tr("Hold the whole queue"));
    m_holdButton->setText(text);
    m_holdButton->setMinimumWidth(0);
    m_holdButton->setMinimumWidth(m_holdButton->sizeHint().width() + 24);
    updateTotals();
}

void TransfersPage::updateTotals() {
    const TransferTotals& totals = m_model.totals();
    m_counts->setText(m_transfers.settings().held ? tr("All paused · %1", "%1: counts").arg(totals.countWords())
                                                  : totals.countWords());
    m_pace->setText(totals.paceWords(locale()));
}

void TransfersPage::updateStack() {
    const bool empty = m_model.rowCount() == 0;
    m_stack->setCurrentIndex(empty ? 0 : 1);
    m_footer->setVisible(!empty);
    m_addButton->setVisible(!empty);
    m_holdButton->setVisible(!empty);
    updateActions();
}

}  // namespace tarn::ui
