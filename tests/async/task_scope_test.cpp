#include "core/async/mailbox.h"
#include "core/async/manual_timers.h"
#include "core/async/task_scope.h"

#include <QtTest>

using namespace tarn;
using namespace tarn::async;

namespace {

constexpr Milliseconds step{10};

Task<int> later(std::shared_ptr<Timers> timers, Milliseconds delay, int value, std::stop_token stop) {
    if (auto slept = co_await sleepFor(timers, delay, stop); !slept) {
        co_return failure(slept.error());
    }
    co_return value;
}

Task<int> atOnce(int value) {
    co_return value;
}

Task<std::vector<Result<int>>> gather(std::vector<Task<int>> tasks) {
    co_return co_await all(std::move(tasks));
}

/// Stands for an owner that waits for its scope; says in `drained` when it may go.
Task<void> drain(std::shared_ptr<TaskScope> scope, std::shared_ptr<bool> drained) {
    co_await scope->drain();
    *drained = true;
    co_return {};
}

Task<void> cancelAndDrain(std::shared_ptr<TaskScope> scope, std::shared_ptr<bool> drained) {
    co_await scope->cancelAndDrain();
    *drained = true;
    co_return {};
}

/// Tells when the frame that holds it is gone.
struct Trace {
    std::shared_ptr<int> alive;
    explicit Trace(std::shared_ptr<int> count) : alive(std::move(count)) { ++*alive; }
    Trace(const Trace& other) : alive(other.alive) { ++*alive; }
    Trace& operator=(const Trace&) = delete;
    ~Trace() { --*alive; }
};

Task<void> traced(Trace trace, std::shared_ptr<Timers> timers, std::stop_token stop) {
    (void)co_await sleepFor(timers, step, stop);
    (void)trace;
    co_return {};
}

}  // namespace

class TaskScopeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_task_that_ends_at_once_reports_before_spawn_returns();
    void a_task_reports_its_value_when_it_ends();
    void drain_waits_for_the_last_task();
    void drain_of_an_empty_scope_is_over_at_once();
    void drain_of_a_scope_that_emptied_before_is_over_at_once();
    void stop_ends_tasks_early_and_each_still_reports();
    void tasks_spawned_after_a_stop_are_stopped_too();
    void a_task_may_spawn_another_when_it_reports();
    void a_report_may_drop_the_scope();
    void a_scope_that_goes_asks_its_tasks_to_stop();
    void thousands_of_tasks_all_report();
    void no_frame_outlives_its_task();
    void all_gives_the_results_in_the_order_of_the_tasks();
    void all_runs_the_tasks_at_the_same_time();
    void all_of_nothing_is_nothing();

private:
    std::shared_ptr<ManualTimers> m_timers;

private Q_SLOTS:
    void init() { m_timers = std::make_shared<ManualTimers>(); }
};

void TaskScopeTest::a_task_that_ends_at_once_reports_before_spawn_returns() {
    TaskScope scope;
    int given = 0;
    scope.spawn(atOnce(7), [&](const Result<int>& result) { given = result.value(); });
    QCOMPARE(given, 7);
    QCOMPARE(scope.running(), std::size_t{0});
}

void TaskScopeTest::a_task_reports_its_value_when_it_ends() {
    TaskScope scope;
    int given = 0;
    scope.spawn(later(m_timers, step, 7, scope.token()), [&](const Result<int>& result) { given = result.value(); });
    QCOMPARE(given, 0);
    QCOMPARE(scope.running(), std::size_t{1});
    m_timers->advance(step);
    QCOMPARE(given, 7);
    QCOMPARE(scope.running(), std::size_t{0});
}

void TaskScopeTest::drain_waits_for_the_last_task() {
    const auto scope = std::make_shared<TaskScope>();
    const auto drained = std::make_shared<bool>(false);
    scope->spawn(later(m_timers, step, 1, scope->token()));
    scope->spawn(later(m_timers, step * 3, 2, scope->token()));
    TaskScope outside;
    outside.spawn(drain(scope, drained));
    QVERIFY(!*drained);
    m_timers->advance(step * 2);
    QVERIFY(!*drained);
    m_timers->advance(step);
    QVERIFY(*drained);
}

void TaskScopeTest::drain_of_an_empty_scope_is_over_at_once() {
    const auto scope = std::make_shared<TaskScope>();
    const auto drained = std::make_shared<bool>(false);
    TaskScope outside;
    outside.spawn(drain(scope, drained));
    QVERIFY(*drained);
}

void TaskScopeTest::drain_of_a_scope_that_emptied_before_is_over_at_once() {
    const auto scope = std::make_shared<TaskScope>();
    scope->spawn(later(m_timers, step, 1, scope->token()));
    m_timers->advance(step);
    const auto drained = std::make_shared<bool>(false);
    TaskScope outside;
    outside.spawn(drain(scope, drained));
    QVERIFY(*drained);
}

void TaskScopeTest::stop_ends_tasks_early_and_each_still_reports() {
    const auto scope = std::make_shared<TaskScope>();
    const auto drained = std::make_shared<bool>(false);
    int cancelled = 0;
    for (int i = 0; i < 5; ++i) {
        scope->spawn(later(m_timers, step * (i + 1), i, scope->token()), [&](const Result<int>& result) {
            cancelled += !result && result.error().code == ErrorCode::Cancelled ? 1 : 0;
        });
    }
    m_timers->advance(step);
    TaskScope outside;
    outside.spawn(cancelAndDrain(scope, drained));
    QVERIFY(*drained);
    QCOMPARE(cancelled, 4);
    QCOMPARE(scope->running(), std::size_t{0});
}

void TaskScopeTest::tasks_spawned_after_a_stop_are_stopped_too() {
    TaskScope scope;
    scope.requestStop();
    std::optional<ErrorCode> code;
    scope.spawn(later(m_timers, step, 1, scope.token()),
                [&](const Result<int>& result) { code = result.error().code; });
    QCOMPARE(code, std::optional(ErrorCode::Cancelled));
}

void TaskScopeTest::a_task_may_spawn_another_when_it_reports() {
    const auto scope = std::make_shared<TaskScope>();
    const auto drained = std::make_shared<bool>(false);
    int second = 0;
    scope->spawn(later(m_timers, step, 1, scope->token()), [&](const Result<int>&) {
        scope->spawn(later(m_timers, step, 2, scope->token()),
                     [&](const Result<int>& result) { second = result.value(); });
    });
    TaskScope outside;
    outside.spawn(drain(scope, drained));
    m_timers->advance(step);
    QVERIFY(!*drained);
    m_timers->advance(step);
    QVERIFY(*drained);
    QCOMPARE(second, 2);
}

void TaskScopeTest::a_report_may_drop_the_scope() {
    auto scope = std::make_unique<TaskScope>();
    bool reported = false;
    scope->spawn(later(m_timers, step, 1, scope->token()), [&](const Result<int>&) {
        reported = true;
        scope.reset();
    });
    m_timers->advance(step);
    QVERIFY(reported);
    QVERIFY(!scope);
}

void TaskScopeTest::a_scope_that_goes_asks_its_tasks_to_stop() {
    std::optional<ErrorCode> code;
    {
        TaskScope scope;
        scope.spawn(later(m_timers, step, 1, scope.token()),
                    [&](const Result<int>& result) { code = result.error().code; });
    }
    QCOMPARE(code, std::optional(ErrorCode::Cancelled));
}

void TaskScopeTest::thousands_of_tasks_all_report() {
    constexpr int count = 5000;
    const auto scope = std::make_shared<TaskScope>();
    const auto drained = std::make_shared<bool>(false);
    qint64 sum = 0;
    for (int i = 0; i < count; ++i) {
        scope->spawn(later(m_timers, Milliseconds(i % 97), i, scope->token()),
                     [&](const Result<int>& result) { sum += result.value(); });
    }
    QCOMPARE(scope->running(), std::size_t{count});
    TaskScope outside;
    outside.spawn(drain(scope, drained));
    m_timers->advance(Milliseconds(97));
    QVERIFY(*drained);
    QCOMPARE(sum, qint64{count} * (count - 1) / 2);
}

void TaskScopeTest::no_frame_outlives_its_task() {
    const auto alive = std::make_shared<int>(0);
    TaskScope scope;
    for (int i = 0; i < 10; ++i) {
        scope.spawn(traced(Trace(alive), m_timers, scope.token()));
    }
    QVERIFY(*alive >= 10);
    m_timers->advance(step);
    QCOMPARE(*alive, 0);
}

void TaskScopeTest::all_gives_the_results_in_the_order_of_the_tasks() {
    TaskScope scope;
    std::vector<Task<int>> tasks;
    tasks.push_back(later(m_timers, step * 3, 1, scope.token()));
    tasks.push_back(atOnce(2));
    tasks.push_back(later(m_timers, step, 3, scope.token()));
    std::vector<int> values;
    scope.spawn(gather(std::move(tasks)), [&](const Result<std::vector<Result<int>>>& results) {
        for (const auto& result : *results) {
            values.push_back(result.value());
        }
    });
    m_timers->advance(step * 3);
    QCOMPARE(values, (std::vector{1, 2, 3}));
}

void TaskScopeTest::all_runs_the_tasks_at_the_same_time() {
    TaskScope scope;
    std::vector<Task<int>> tasks;
    for (int i = 0; i < 10; ++i) {
        tasks.push_back(later(m_timers, step, i, scope.token()));
    }
    bool over = false;
    scope.spawn(gather(std::move(tasks)), [&](const Result<std::vector<Result<int>>>&) { over = true; });
    m_timers->advance(step);
    QVERIFY(over);
}

void TaskScopeTest::all_of_nothing_is_nothing() {
    TaskScope scope;
    bool empty = false;
    scope.spawn(gather({}), [&](const Result<std::vector<Result<int>>>& results) { empty = results->empty(); });
    QVERIFY(empty);
}

QTEST_GUILESS_MAIN(TaskScopeTest)
#include "task_scope_test.moc"
