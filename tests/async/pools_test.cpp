#include "core/async/pools.h"
#include "core/async/task_scope.h"

#include <QSemaphore>
#include <QThread>
#include <QtTest>

#include <atomic>

using namespace tarn;
using namespace tarn::async;

namespace {

struct Seen {
    QThread* worked = nullptr;
    QThread* resumed = nullptr;
    int value = 0;
};

Task<Seen> workAside(std::shared_ptr<Pools> pools, int value) {
    Seen seen;
    auto work = [value]() -> Result<std::pair<QThread*, int>> {
        return std::pair(QThread::currentThread(), value * 2);
    };
    auto result = co_await runOn(pools->cpu, std::move(work));
    seen.resumed = QThread::currentThread();
    if (!result) {
        co_return failure(result.error());
    }
    seen.worked = result->first;
    seen.value = result->second;
    co_return seen;
}

Task<void> failAside(std::shared_ptr<Pools> pools) {
    auto work = []() -> Result<void> {
        return failure(ErrorCode::DiskFull, "full");
    };
    co_return co_await runOn(pools->disk, std::move(work));
}

/// The result of work can be a thing that is only moved.
Task<int> moveAside(std::shared_ptr<Pools> pools) {
    auto work = [owned = std::make_shared<int>(5)]() -> Result<std::unique_ptr<int>> {
        return std::make_unique<int>(*owned);
    };
    auto result = co_await runOn(pools->cpu, std::move(work));
    co_return **result;
}

Task<void> holdUp(std::shared_ptr<Pools> pools, std::shared_ptr<QSemaphore> begun, std::shared_ptr<QSemaphore> free) {
    auto work = [begun, free]() -> Result<void> {
        begun->release();
        free->acquire();
        return {};
    };
    co_return co_await runOn(pools->cpu, std::move(work));
}

}  // namespace

class PoolsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void work_runs_on_the_pool_and_resumes_on_the_thread_that_asked();
    void work_asked_for_on_another_thread_resumes_there();
    void failures_come_back();
    void results_may_be_move_only();
    void many_pieces_of_work_all_come_back();
    void the_asking_thread_stays_free_meanwhile();

private:
    std::shared_ptr<Pools> m_pools = std::make_shared<Pools>();
};

void PoolsTest::work_runs_on_the_pool_and_resumes_on_the_thread_that_asked() {
    TaskScope scope;
    std::optional<Seen> seen;
    scope.spawn(workAside(m_pools, 21), [&](const Result<Seen>& result) { seen = *result; });
    QVERIFY(!seen);  // even the quickest work comes back through the event loop
    QTRY_VERIFY_WITH_TIMEOUT(seen.has_value(), 60'000);
    QCOMPARE(seen->value, 42);
    QCOMPARE(seen->resumed, QThread::currentThread());
    QVERIFY(seen->worked != QThread::currentThread());
}

void PoolsTest::work_asked_for_on_another_thread_resumes_there() {
    QThread thread;
    thread.start();
    auto* const home = new QObject;
    home->moveToThread(&thread);
    std::atomic<bool> over = false;
    Seen seen;
    TaskScope* scope = nullptr;
    QMetaObject::invokeMethod(home, [&] {
        scope = new TaskScope;
        scope->spawn(workAside(m_pools, 1), [&](const Result<Seen>& result) {
            seen = *result;
            over = true;
        });
    });
    QTRY_VERIFY_WITH_TIMEOUT(over.load(), 60'000);
    QMetaObject::invokeMethod(
        home,
        [&] {
            delete scope;
            delete home;
        },
        Qt::BlockingQueuedConnection);
    thread.quit();
    QVERIFY(thread.wait(60'000));
    QCOMPARE(seen.resumed, &thread);
    QVERIFY(seen.worked != &thread);
}

void PoolsTest::failures_come_back() {
    TaskScope scope;
    std::optional<Result<void>> result;
    scope.spawn(failAside(m_pools), [&](const Result<void>& given) { result = given; });
    QTRY_VERIFY_WITH_TIMEOUT(result.has_value(), 60'000);
    QVERIFY(!result->has_value());
    QCOMPARE(result->error().code, ErrorCode::DiskFull);
}

void PoolsTest::results_may_be_move_only() {
    TaskScope scope;
    int value = 0;
    scope.spawn(moveAside(m_pools), [&](const Result<int>& result) { value = *result; });
    QTRY_COMPARE_WITH_TIMEOUT(value, 5, 60'000);
}

void PoolsTest::many_pieces_of_work_all_come_back() {
    constexpr int count = 1000;
    TaskScope scope;
    int sum = 0;
    for (int i = 0; i < count; ++i) {
        scope.spawn(workAside(m_pools, i), [&](const Result<Seen>& result) { sum += result->value; });
    }
    QTRY_COMPARE_WITH_TIMEOUT(scope.running(), std::size_t{0}, 60'000);
    QCOMPARE(sum, count * (count - 1));
}

void PoolsTest::the_asking_thread_stays_free_meanwhile() {
    const auto begun = std::make_shared<QSemaphore>();
    const auto free = std::make_shared<QSemaphore>();
    TaskScope scope;
    scope.spawn(holdUp(m_pools, begun, free));
    begun->acquire();
    QCOMPARE(scope.running(), std::size_t{1});
    QCoreApplication::processEvents();
    QCOMPARE(scope.running(), std::size_t{1});
    free->release();
    QTRY_COMPARE_WITH_TIMEOUT(scope.running(), std::size_t{0}, 60'000);
}

QTEST_GUILESS_MAIN(PoolsTest)
#include "pools_test.moc"
