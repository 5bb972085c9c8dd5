#include "core/upload/shared_window.h"

#include <QtTest>

#include <optional>

using namespace tarn;
using upload::SharedWindow;

namespace {

constexpr std::uint64_t most = 100;

}  // namespace

class SharedWindowTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneAloneHasTheWholeWindowAndWhatIsLargerThanIt() {
        SharedWindow window;
        SharedWindow::Part part(window, [] {});
        QVERIFY(part.askForRoom(1000, most));
        QVERIFY(part.askForRoom(60, most));
        part.hold(60);
        QVERIFY(part.askForRoom(40, most));
        QVERIFY(!part.askForRoom(41, most));
        part.letGo(60);
        QVERIFY(part.askForRoom(1000, most));
    }

    void whoHoldsNothingComesBeforeWhoWantsMore() {
        SharedWindow window;
        int called = 0;
        SharedWindow::Part greedy(window, [] {});
        SharedWindow::Part late(window, [&called] { ++called; });
        greedy.hold(90);
        QVERIFY(!late.askForRoom(50, most));
        greedy.letGo(20);
        QCOMPARE(called, 1);
        QVERIFY(!greedy.askForRoom(10, most));  // there is room, but not for this one
        QVERIFY(!late.askForRoom(50, most));
        greedy.letGo(20);
        QCOMPARE(called, 2);
        QVERIFY(late.askForRoom(50, most));
        late.hold(50);
        QVERIFY(!greedy.askForRoom(10, most));  // full
        late.letGo(10);
        QCOMPARE(called, 2);
        QVERIFY(greedy.askForRoom(10, most));
    }

    void onesPartIsGivenBackWhenItGoes() {
        SharedWindow window;
        int called = 0;
        std::optional<SharedWindow::Part> gone(std::in_place, window, [] {});
        std::optional<SharedWindow::Part> waits(std::in_place, window, [&called] { ++called; });
        gone->hold(100);
        QVERIFY(!waits->askForRoom(1, most));
        gone.reset();
        QCOMPARE(called, 1);
        waits.reset();
        SharedWindow::Part next(window, [] {});
        QVERIFY(next.askForRoom(100, most));
        next.hold(50);
        QVERIFY(next.askForRoom(50, most));  // nobody waits any more
    }

    void whoIsCalledMayTakeRoomAndGo() {
        SharedWindow window;
        SharedWindow::Part first(window, [] {});
        std::optional<SharedWindow::Part> second;
        std::optional<SharedWindow::Part> third;
        second.emplace(window, [&] {
            QVERIFY(second->askForRoom(10, most));
            second->hold(10);
            third.reset();
        });
        third.emplace(window, [&] { second.reset(); });
        first.hold(100);
        QVERIFY(!second->askForRoom(10, most));
        QVERIFY(!third->askForRoom(10, most));
        first.letGo(100);
        QVERIFY(!third || !second);
    }

    void whoIsStoppedWaitsNoMore() {
        SharedWindow window;
        SharedWindow::Part first(window, [] {});
        SharedWindow::Part second(window, [] {});
        first.hold(50);
        QVERIFY(!second.askForRoom(60, most));
        QVERIFY(!first.askForRoom(10, most));
        second.stopWaiting();
        QVERIFY(first.askForRoom(10, most));
    }
};

QTEST_GUILESS_MAIN(SharedWindowTest)
#include "shared_window_test.moc"
