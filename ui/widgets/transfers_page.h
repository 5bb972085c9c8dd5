#pragma once

#include "ui/models/seen_notices.h"
#include "ui/models/transfer_actions.h"
#include "ui/models/transfer_model.h"
#include "ui/models/transfer_words.h"

#include <QAction>
#include <QWidget>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace tarn::ui {

class CopySaver;
class DropArea;
class LinkCopier;
class NoticeBar;
class TransferView;

/// The transfer queue: the list, or a place to drop files while it is empty; totals below; what a person can do with
/// the selected ones as actions with keys.
class TransfersPage : public QWidget {
    Q_OBJECT

public:
    /// All outlive the page.
    TransfersPage(api::Transfers& transfers, TransferModel& model, SeenNotices& notices, QWidget* parent = nullptr);

    /// Queues files, and shows their rows when they come.
    void upload(const QStringList& paths);
    void chooseFiles();
    void tell(const QString& text, Tone tone);
    void setGrid(const api::GridSnapshot& grid);

    [[nodiscard]] TransferView& view() { return *m_view; }
    [[nodiscard]] NoticeBar& notices() { return *m_notice; }
    [[nodiscard]] QAction* addAction() const { return m_add; }
    /// The one for what the selected transfers allow.
    [[nodiscard]] QAction* action(TransferAction action) const;
    [[nodiscard]] QAction* selectAllAction() const { return m_selectAll; }
    /// Holds the whole queue, or lets it go on.
    [[nodiscard]] QAction* holdAction() const { return m_hold; }
    /// What the menus offer for the selected ones, group by group.
    [[nodiscard]] static QList<QList<TransferAction>> actionGroups();

private:
    QAction* makeAction(const QString& text, const QKeySequence& keys, const QString& tip);
    void makeActions();
    void layOut();
    void act(TransferAction action, const QList<api::TransferId>& ids);
    void remove(const QList<api::TransferId>& ids);
    void deleteSelected();
    void showHeld(const api::QueueSettings& settings);
    void explainRefusal(const QString& what, const QString& errorCode);
    void showMenu(const QPoint& point);
    void updateActions();
    void updateTotals();
    void updateStack();
    [[nodiscard]] QList<api::TransferId> allowed(const QList<api::TransferId>& ids, TransferAction action) const;

    api::Transfers& m_transfers;
    TransferModel& m_model;
    TransferView* m_view;
    DropArea* m_dropArea;
    NoticeBar* m_notice;
    QStackedWidget* m_stack;
    QLabel* m_counts;
    QLabel* m_pace;
    QPushButton* m_addButton;
    QPushButton* m_holdButton;
    QWidget* m_footer;
    LinkCopier* m_linkCopier;
    CopySaver* m_copySaver;
    QAction* m_add = nullptr;
    QAction* m_selectAll = nullptr;
    QAction* m_hold = nullptr;
    QMap<TransferAction, QAction*> m_actions;
    bool m_followNew = false;  ///< the next new rows are a person's own: show them
    bool m_actionsStale = false;
};

}  // namespace tarn::ui
