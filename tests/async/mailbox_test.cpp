#include "core/async/mailbox.h"
#include "core/async/task_scope.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::async;

namespace {

/// Takes events until one is negative; gives those it took.
Task<std::vector<int>> driver(Mailbox<int> mailbox) {
    std::vector<int> taken;
    for (;;) {
        const int event = co_await mailbox.next();
        if (event < 0) {
            co_return taken;
        }
        taken.push_back(event);
    }
}

/// Answers every event below 5 with the next one, by way of the mailbox it reads.
Task<std::vector<int>> talkingToItself(Mailbox<int> mailbox) {
    std::vector<int> taken;
    while (taken.size() < 5) {
        const int event = co_await mailbox.next();
        mailbox.push(event + 1);
        taken.push_back(event);
    }
    co_return taken;
}

Task<int> takeOnlyPointer(Mailbox<std::unique_ptr<int>> mailbox) {
    const std::unique_ptr<int> event = co_await mailbox.next();
    co_return *event;
}

}  // namespace

class MailboxTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void events_that_came_before_are_taken_in_order();
    void an_event_wakes_the_driver_on_the_spot();
    void events_pushed_while_the_driver_runs_queue_up();
    void events_can_only_be_moved();
    void copies_name_the_same_mailbox();
    void a_mailbox_may_outlive_its_driver();
};

void MailboxTest::events_that_came_before_are_taken_in_order() {
    const Mailbox<int> mailbox;
    QVERIFY(mailbox.empty());
    for (const int event : {1, 2, 3, -1}) {
        mailbox.push(event);
    }
    QVERIFY(!mailbox.empty());
    TaskScope scope;
    std::vector<int> taken;
    scope.spawn(driver(mailbox), [&](const Result<std::vector<int>>& result) { taken = *result; });
    QCOMPARE(taken, (std::vector{1, 2, 3}));
    QVERIFY(mailbox.empty());
}

void MailboxTest::an_event_wakes_the_driver_on_the_spot() {
    const Mailbox<int> mailbox;
    TaskScope scope;
    std::optional<std::vector<int>> taken;
    scope.spawn(driver(mailbox), [&](const Result<std::vector<int>>& result) { taken = *result; });
    mailbox.push(4);
    QVERIFY(mailbox.empty());
    QVERIFY(!taken);
    mailbox.push(-1);
    QCOMPARE(taken, std::optional(std::vector{4}));
}

void MailboxTest::events_pushed_while_the_driver_runs_queue_up() {
    const Mailbox<int> mailbox;
    TaskScope scope;
    std::vector<int> taken;
    scope.spawn(talkingToItself(mailbox), [&](const Result<std::vector<int>>& result) { taken = *result; });
    mailbox.push(0);
    QCOMPARE(taken, (std::vector{0, 1, 2, 3, 4}));
}

void MailboxTest::events_can_only_be_moved() {
    const Mailbox<std::unique_ptr<int>> mailbox;
    TaskScope scope;
    int taken = 0;
    scope.spawn(takeOnlyPointer(mailbox), [&](const Result<int>& result) { taken = *result; });
    mailbox.push(std::make_unique<int>(9));
    QCOMPARE(taken, 9);
}

void MailboxTest::copies_name_the_same_mailbox() {
    const Mailbox<int> mailbox;
    const Mailbox<int> copy = mailbox;  // NOLINT(performance-unnecessary-copy-initialization)
    copy.push(1);
    QVERIFY(!mailbox.empty());
}

void MailboxTest::a_mailbox_may_outlive_its_driver() {
    const Mailbox<int> mailbox;
    {
        TaskScope scope;
        scope.spawn(driver(mailbox));
        mailbox.push(-1);
        QCOMPARE(scope.running(), std::size_t{0});
    }
    mailbox.push(5);
    QVERIFY(!mailbox.empty());
}

QTEST_GUILESS_MAIN(MailboxTest)
#include "mailbox_test.moc"
