#include "core/async/manual_timers.h"
#include "core/async/task_scope.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::async;
using namespace std::chrono_literals;

class TimersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void manual_calls_happen_in_the_order_they_fall_due();
    void manual_calls_due_at_the_same_time_keep_their_order();
    void manual_time_stands_still_until_it_is_told();
    void manual_call_may_arm_another_within_the_same_advance();
    void a_dropped_handle_takes_its_call_back();
    void fire_next_jumps_to_the_earliest_call();
    void sleep_ends_after_its_time();
    void sleep_ends_at_once_when_stopped();
    void sleep_that_was_stopped_before_it_began_never_begins();
    void sleep_is_woken_once_when_stop_and_time_meet();
    void event_loop_timer_fires_once();
    void event_loop_timer_may_be_dropped_by_its_own_call();
    void event_loop_timer_is_silent_once_its_handle_is_gone();
};

void TimersTest::manual_calls_happen_in_the_order_they_fall_due() {
    ManualTimers timers;
    std::vector<int> calls;
    const auto late = timers.after(30ms, [&] { calls.push_back(30); });
    const auto early = timers.after(10ms, [&] { calls.push_back(10); });
    const auto middle = timers.after(20ms, [&] { calls.push_back(20); });
    timers.advance(25ms);
    QCOMPARE(calls, (std::vector{10, 20}));
    timers.advance(5ms);
    QCOMPARE(calls, (std::vector{10, 20, 30}));
}

void TimersTest::manual_calls_due_at_the_same_time_keep_their_order() {
    ManualTimers timers;
    std::vector<int> calls;
    std::vector<TimerHandle> handles;
    for (int i = 0; i < 10; ++i) {
        handles.push_back(timers.after(5ms, [&calls, i] { calls.push_back(i); }));
    }
    timers.advance(5ms);
    QCOMPARE(calls, (std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

void TimersTest::manual_time_stands_still_until_it_is_told() {
    ManualTimers timers;
    const auto begin = timers.steadyNow();
    const auto wall = timers.wallNow();
    QTest::qSleep(2);
    QCOMPARE(timers.steadyNow(), begin);
    timers.advance(1h);
    QCOMPARE(timers.steadyNow() - begin, std::chrono::nanoseconds(1h));
    QCOMPARE(timers.wallNow() - wall, WallTime::duration(1h));
}

void TimersTest::manual_call_may_arm_another_within_the_same_advance() {
    ManualTimers timers;
    int calls = 0;
    TimerHandle next;
    std::function<void()> tick = [&] {
        ++calls;
        next = timers.after(10ms, tick);
    };
    next = timers.after(10ms, tick);
    timers.advance(55ms);
    QCOMPARE(calls, 5);
}

void TimersTest::a_dropped_handle_takes_its_call_back() {
    ManualTimers timers;
    int calls = 0;
    auto handle = timers.after(10ms, [&] { ++calls; });
    handle.reset();
    timers.advance(1h);
    QCOMPARE(calls, 0);
    QVERIFY(!timers.fireNext());
}

void TimersTest::fire_next_jumps_to_the_earliest_call() {
    ManualTimers timers;
    const auto begin = timers.steadyNow();
    bool fired = false;
    const auto handle = timers.after(3h, [&] { fired = true; });
    QVERIFY(timers.fireNext());
    QVERIFY(fired);
    QCOMPARE(timers.steadyNow() - begin, std::chrono::nanoseconds(3h));
    QVERIFY(!timers.fireNext());
}

void TimersTest::sleep_ends_after_its_time() {
    const auto timers = std::make_shared<ManualTimers>();
    TaskScope scope;
    std::optional<Result<void>> result;
    scope.spawn(sleepFor(timers, 10ms, scope.token()), [&](const Result<void>& given) { result = given; });
    timers->advance(9ms);
    QVERIFY(!result);
    timers->advance(1ms);
    QVERIFY(result && result->has_value());
}

void TimersTest::sleep_ends_at_once_when_stopped() {
    const auto timers = std::make_shared<ManualTimers>();
    TaskScope scope;
    std::optional<Result<void>> result;
    scope.spawn(sleepFor(timers, 10ms, scope.token()), [&](const Result<void>& given) { result = given; });
    scope.requestStop();
    QVERIFY(result && !result->has_value());
    QCOMPARE(result->error().code, ErrorCode::Cancelled);
    QVERIFY(!timers->fireNext());
}

void TimersTest::sleep_that_was_stopped_before_it_began_never_begins() {
    const auto timers = std::make_shared<ManualTimers>();
    TaskScope scope;
    scope.requestStop();
    std::optional<Result<void>> result;
    scope.spawn(sleepFor(timers, 10ms, scope.token()), [&](const Result<void>& given) { result = given; });
    QVERIFY(result && !result->has_value());
    QVERIFY2(!timers->fireNext(), "a timer was left armed");
}

void TimersTest::sleep_is_woken_once_when_stop_and_time_meet() {
    const auto timers = std::make_shared<ManualTimers>();
    std::stop_source stop;
    TaskScope scope;
    int reports = 0;
    // The stop comes out of a timer call of the same moment, just before the sleeper's own.
    const auto stopping = timers->after(10ms, [&] { stop.request_stop(); });
    scope.spawn(sleepFor(timers, 10ms, stop.get_token()), [&](const Result<void>&) { ++reports; });
    timers->advance(1h);
    QCOMPARE(reports, 1);
}

void TimersTest::event_loop_timer_fires_once() {
    EventLoopTimers timers;
    int calls = 0;
    const auto handle = timers.after(1ms, [&] { ++calls; });
    QTRY_COMPARE(calls, 1);
    QTest::qWait(20);
    QCOMPARE(calls, 1);
}

void TimersTest::event_loop_timer_may_be_dropped_by_its_own_call() {
    EventLoopTimers timers;
    int calls = 0;
    TimerHandle handle;
    handle = timers.after(1ms, [&] {
        handle.reset();
        ++calls;
    });
    QTRY_COMPARE(calls, 1);
}

void TimersTest::event_loop_timer_is_silent_once_its_handle_is_gone() {
    EventLoopTimers timers;
    int calls = 0;
    {
        const auto handle = timers.after(1ms, [&] { ++calls; });
    }
    bool passed = false;
    const auto later = timers.after(30ms, [&] { passed = true; });
    QTRY_VERIFY(passed);
    QCOMPARE(calls, 0);
}

QTEST_GUILESS_MAIN(TimersTest)
#include "timers_test.moc"
