#include "tests/download/download_run.h"

#include <QSemaphore>
#include <QTest>

using namespace tarn;
using namespace tarn::download;
using namespace tarn::download::testing;
using storage::Call;
using storage::Fault;

namespace {

using std::chrono::seconds;

/// Lets `fault` strike the calls whose numbers, counted over all servers, are in `struck`.
struct Striker {
    Fault fault;
    std::set<int> struck;
    int calls = 0;
    std::function<void(int)> onCall;

    Fault next(Call) {
        const int number = calls++;
        if (onCall) {
            onCall(number);
        }
        return struck.contains(number) ? fault : Fault{};
    }
};

void place(DownloadRun& run, Striker& striker) {
    run.wrap = [&run, &striker](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
        return std::make_shared<storage::FaultyServer>(inner, run.timers,
                                                       [&striker](Call call) { return striker.next(call); });
    };
}

Fault faultOf(Fault::Kind kind) {
    Fault fault;
    fault.kind = kind;
    fault.delay = async::Milliseconds(seconds(45));
    return fault;
}

const std::vector<std::pair<const char*, Fault::Kind>> kinds = {
    {"fails", Fault::Kind::Fail},       {"fails late", Fault::Kind::FailLate}, {"hangs", Fault::Kind::Hang},
    {"is delayed", Fault::Kind::Delay}, {"is garbled", Fault::Kind::Garble},
};

/// Several runs and shares in several reads: every kind of call happens.
const MadeFile& largeFile() {
    static const MadeFile file = makeFile({3, 10, 9 * 1024 * 1024, 1024 * 1024, false, 12});
    return file;
}

const MadeFile& smallFile() {
    static const MadeFile file = makeFile({3, 10, 1000, 128, false, 13});
    return file;
}

/// Its shares come along with the lists.
const MadeFile& alongFile() {
    static const MadeFile file = makeFile({3, 10, 1000, 128 * 1024, false, 14});
    return file;
}

struct FileKind {
    const char* name;
    const MadeFile& (*file)();
    bool along = false;
    int leastCalls = 0;
};
const FileKind fileKinds[] = {
    {"small", smallFile, false, 8}, {"large", largeFile, false, 8}, {"along with the list", alongFile, true, 3}};

/// A file's shares on servers that send them along, or do not.
void spread(DownloadRun& run, const FileKind& kind) {
    run.spread(kind.file());
    if (kind.along) {
        run.sendSharesAlong();
    }
}

void keepOnly(DownloadRun& run, const MadeFile& file, unsigned count) {
    for (unsigned share = count; share < 10; ++share) {
        run.servers[share % 5]->shares[file.capability.storageIndex()].erase(
            ShareNum(static_cast<std::uint16_t>(share)));
    }
}

}  // namespace

class DownloadFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anyCallThatGoesWrongLeavesTheFileReadable_data();
    void anyCallThatGoesWrongLeavesTheFileReadable();
    void anyTwoCallsThatGoWrongLeaveTheFileReadable();
    void withJustThreeSharesAnyCallThatGoesWrongGivesTheFileOrAnError_data();
    void withJustThreeSharesAnyCallThatGoesWrongGivesTheFileOrAnError();
    void everyCallThatGoesWrongGivesAnError_data();
    void everyCallThatGoesWrongGivesAnError();
    void aServerThatHangsWhileListingIsNotWaitedFor();
    void aServerThatHangsWhileReadingIsLeftAtOnce();
    void serversThatAreAllSlowStillGiveTheFile();
    void aServerThatHangsWhenToldOfDamageIsNotWaitedForLong();
    void cancellingAtAnyCallEndsAtOnceAndWritesNothingMore_data();
    void cancellingAtAnyCallEndsAtOnceAndWritesNothingMore();
    void aWriteThatWaitsForTheDiskIsNotMadeAfterACancel();
    void cancellingWhileEverythingHangsEndsAtOnce();
};

void DownloadFaultsTest::anyCallThatGoesWrongLeavesTheFileReadable_data() {
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("which");
    for (const auto& [name, kind] : kinds) {
        for (int which = 0; which < std::ssize(fileKinds); ++which) {
            QTest::addRow("%s, %s", fileKinds[which].name, name) << static_cast<int>(kind) << which;
        }
    }
}

void DownloadFaultsTest::anyCallThatGoesWrongLeavesTheFileReadable() {
    QFETCH(int, kind);
    QFETCH(int, which);
    const auto& file = fileKinds[which].file();
    for (int number = 0;; ++number) {
        DownloadRun run;
        spread(run, fileKinds[which]);
        Striker striker{faultOf(static_cast<Fault::Kind>(kind)), {number}, 0, {}};
        place(run, striker);
        const auto result = run.run(file.capability);
        QVERIFY2(result, (std::to_string(number) + ": " + said(result)).c_str());
        QVERIFY(run.sink->bytes == file.plaintext);
        QVERIFY(run.sink->committed);
        QCOMPARE(run.sink.use_count(), 1L);
        if (number >= striker.calls) {
            QVERIFY(number >= fileKinds[which].leastCalls);
            break;
        }
    }
}

void DownloadFaultsTest::anyTwoCallsThatGoWrongLeaveTheFileReadable() {
    for (const FileKind& fileKind : {fileKinds[0], fileKinds[2]}) {
        const auto& file = fileKind.file();
        for (const auto& [name, kind] : kinds) {
            for (int first = 0; first < 9; ++first) {
                for (int second = first + 1; second < 12; ++second) {
                    DownloadRun run;
                    spread(run, fileKind);
                    Striker striker{faultOf(kind), {first, second}, 0, {}};
                    place(run, striker);
                    const auto result = run.run(file.capability);
                    QVERIFY2(result, (std::string(name) + ": " + said(result)).c_str());
                    QVERIFY(run.sink->bytes == file.plaintext);
                }
            }
        }
    }
}

void DownloadFaultsTest::withJustThreeSharesAnyCallThatGoesWrongGivesTheFileOrAnError_data() {
    anyCallThatGoesWrongLeavesTheFileReadable_data();
}

void DownloadFaultsTest::withJustThreeSharesAnyCallThatGoesWrongGivesTheFileOrAnError() {
    QFETCH(int, kind);
    QFETCH(int, which);
    const auto& file = fileKinds[which].file();
    for (int number = 0;; ++number) {
        DownloadRun run;
        spread(run, fileKinds[which]);
        keepOnly(run, file, 3);
        Striker striker{faultOf(static_cast<Fault::Kind>(kind)), {number}, 0, {}};
        place(run, striker);
        const auto result = run.run(file.capability);
        if (result) {
            QVERIFY(run.sink->bytes == file.plaintext);
        } else {
            QCOMPARE(result.error().code, ErrorCode::NotEnoughShares);
            QVERIFY2(result.error().detail.starts_with("found 2 of the 3 shares needed"), said(result).c_str());
            QVERIFY(!run.sink->committed);
        }
        // What was delivered is right in any case.
        QVERIFY(std::equal(run.sink->bytes.begin(), run.sink->bytes.end(), file.plaintext.begin()));
        if (number >= striker.calls) {
            QVERIFY2(result, said(result).c_str());
            break;
        }
    }
}

void DownloadFaultsTest::everyCallThatGoesWrongGivesAnError_data() {
    QTest::addColumn<int>("kind");
    for (const auto& [name, kind] : kinds) {
        if (kind != Fault::Kind::Delay) {
            QTest::newRow(name) << static_cast<int>(kind);
        }
    }
}

void DownloadFaultsTest::everyCallThatGoesWrongGivesAnError() {
    QFETCH(int, kind);
    const auto& file = smallFile();
    for (const bool listsWork : {false, true}) {
        DownloadRun run;
        run.spread(file);
        run.wrap = [&run, kind, listsWork](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers, [kind, listsWork](Call call) {
                return listsWork && call == Call::ListShares ? Fault{} : faultOf(static_cast<Fault::Kind>(kind));
            });
        };
        const auto result = run.run(file.capability);
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::NotEnoughShares);
        QVERIFY2(result.error().detail.starts_with("found "), said(result).c_str());
        QCOMPARE(run.sink->calls, 0);
        QCOMPARE(run.sink.use_count(), 1L);
    }
}

void DownloadFaultsTest::aServerThatHangsWhileListingIsNotWaitedFor() {
    const auto& file = smallFile();
    for (std::size_t hanging = 0; hanging < 5; ++hanging) {
        DownloadRun run;
        run.spread(file);
        run.wrap = [&run, hanging](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers, [index, hanging](Call) {
                return index == hanging ? faultOf(Fault::Kind::Hang) : Fault{};
            });
        };
        QVERIFY(run.run(file.capability));
        QVERIFY(run.sink->bytes == file.plaintext);
        QVERIFY(run.timers->steadyNow().time_since_epoch() < seconds(1));
    }
}

void DownloadFaultsTest::aServerThatHangsWhileReadingIsLeftAtOnce() {
    const auto& file = largeFile();
    for (std::size_t hanging = 0; hanging < 5; ++hanging) {
        DownloadRun run;
        run.spread(file);
        int reads = 0;
        run.wrap = [&run, &reads, hanging](std::size_t index, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers, [&reads, index, hanging](Call call) {
                // It answers for a while, so that it is in the middle of the file that it falls silent.
                const bool silent = index == hanging && call == Call::Read && ++reads > 3;
                return silent ? faultOf(Fault::Kind::Hang) : Fault{};
            });
        };
        QVERIFY(run.run(file.capability));
        QVERIFY(run.sink->bytes == file.plaintext);
        // The others answer in no time here, so it is late very soon.
        QVERIFY(run.timers->steadyNow().time_since_epoch() < seconds(1));
    }
}

void DownloadFaultsTest::serversThatAreAllSlowStillGiveTheFile() {
    const auto& file = largeFile();
    for (const unsigned left : {3U, 10U}) {
        DownloadRun run;
        run.spread(file);
        keepOnly(run, file, left);
        run.wrap = [&run](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers,
                                                           [](Call) { return faultOf(Fault::Kind::Delay); });
        };
        const auto result = run.run(file.capability);
        QVERIFY2(result, said(result).c_str());
        QVERIFY(run.sink->bytes == file.plaintext);
    }
}

void DownloadFaultsTest::aServerThatHangsWhenToldOfDamageIsNotWaitedForLong() {
    const auto& file = smallFile();
    DownloadRun run;
    run.spread(file);
    for (unsigned share = 0; share < 5; ++share) {
        run.share(file, share, share)[file.layout.blockHashTree + 9 * 32] ^= 1U;
    }
    run.wrap = [&run](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
        return std::make_shared<storage::FaultyServer>(inner, run.timers, [](Call call) {
            return call == Call::AdviseCorrupt ? faultOf(Fault::Kind::Hang) : Fault{};
        });
    };
    QVERIFY(run.run(file.capability));
    QVERIFY(run.sink->bytes == file.plaintext);
    QVERIFY(run.timers->steadyNow().time_since_epoch() <= seconds(6));
    QCOMPARE(run.sink.use_count(), 1L);
}

void DownloadFaultsTest::cancellingAtAnyCallEndsAtOnceAndWritesNothingMore_data() {
    anyCallThatGoesWrongLeavesTheFileReadable_data();
}

void DownloadFaultsTest::cancellingAtAnyCallEndsAtOnceAndWritesNothingMore() {
    QFETCH(int, kind);
    QFETCH(int, which);
    const auto& file = fileKinds[which].file();
    for (int number = 0;; ++number) {
        DownloadRun run;
        spread(run, fileKinds[which]);
        std::optional<int> sinkCalls;
        // The call at which the person cancels goes wrong as well, in every way.
        Striker striker{faultOf(static_cast<Fault::Kind>(kind)), {number}, 0, {}};
        striker.onCall = [&](int now) {
            if (now == number) {
                run.pools->disk.waitForDone();
                sinkCalls = run.sink->calls;
                run.stop.request_stop();
            }
        };
        place(run, striker);
        run.start(file.capability);
        run.settle();
        if (!sinkCalls) {
            QVERIFY(run.outcome && *run.outcome);
            break;
        }
        QVERIFY(run.outcome.has_value());
        QVERIFY(!*run.outcome);
        QCOMPARE(run.outcome->error().code, ErrorCode::Cancelled);
        QCOMPARE(run.sink->calls, *sinkCalls);
        QVERIFY(!run.sink->committed);
        QCOMPARE(run.sink.use_count(), 1L);
    }
}

void DownloadFaultsTest::aWriteThatWaitsForTheDiskIsNotMadeAfterACancel() {
    const auto& file = smallFile();
    DownloadRun run;
    run.spread(file);
    run.pools->disk.setMaxThreadCount(1);
    QSemaphore diskIsFree;
    (void)QtConcurrent::run(&run.pools->disk, [&diskIsFree] { diskIsFree.acquire(); });
    run.start(file.capability);
    // The file is verified and its write queued behind the other work when nothing moves any more.
    do {
        run.pools->cpu.waitForDone();
    } while (QAbstractEventDispatcher::instance()->processEvents(QEventLoop::AllEvents));
    QVERIFY(!run.outcome);
    run.stop.request_stop();
    diskIsFree.release();
    run.settle();
    QVERIFY(run.outcome && !*run.outcome);
    QCOMPARE(run.outcome->error().code, ErrorCode::Cancelled);
    QCOMPARE(run.sink->calls, 0);
}

void DownloadFaultsTest::cancellingWhileEverythingHangsEndsAtOnce() {
    const auto& file = smallFile();
    for (const bool listsWork : {false, true}) {
        DownloadRun run;
        run.spread(file);
        run.wrap = [&run, listsWork](std::size_t, std::shared_ptr<storage::StorageServer> inner) {
            return std::make_shared<storage::FaultyServer>(inner, run.timers, [listsWork](Call call) {
                return listsWork && call == Call::ListShares ? Fault{} : faultOf(Fault::Kind::Hang);
            });
        };
        run.start(file.capability);
        run.settle();
        QVERIFY(!run.outcome);
        run.stop.request_stop();
        run.settle();
        QVERIFY(run.outcome && !*run.outcome);
        QCOMPARE(run.outcome->error().code, ErrorCode::Cancelled);
        QCOMPARE(run.sink->calls, 0);
        QCOMPARE(run.sink.use_count(), 1L);
    }
}

QTEST_GUILESS_MAIN(DownloadFaultsTest)
#include "download_faults_test.moc"
