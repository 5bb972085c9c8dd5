#include "ui/models/safety.h"

#include <QRandomGenerator>
#include <QSet>
#include <QTest>

#include <bit>

namespace tarn::ui_test {

using api::ShareCell;
using ui::Safety;
using ui::safetyOf;
using Where = ShareCell::Where;

namespace {

QList<ShareCell> cells(const QList<int>& serverOfShare) {
    QList<ShareCell> made;
    for (const int server : serverOfShare) {
        made.append(server < 0 ? ShareCell{Where::Lost, {}}
                               : ShareCell{Where::Placed, QStringLiteral("server %1").arg(server)});
    }
    return made;
}

/// The same question by trying every set of servers to lose.
int mayFailByTrying(const QList<int>& serverOfShare, int needed, int servers) {
    int best = servers;
    for (unsigned lost = 0; lost < (1U << servers); ++lost) {
        int left = 0;
        for (const int server : serverOfShare) {
            left += server >= 0 && ((lost >> server) & 1U) == 0 ? 1 : 0;
        }
        if (left < needed) {
            best = std::min(best, std::popcount(lost) - 1);
        }
    }
    return best;
}

}  // namespace

class SafetyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void tenPiecesOnTenServersSurviveSevenLosses() {
        QCOMPARE(safetyOf(cells({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), 3), (Safety{10, 3, 10, 7}));
    }

    void tenPiecesOnFiveServersSurviveThreeLosses() {
        QCOMPARE(safetyOf(cells({0, 1, 2, 3, 4, 0, 1, 2, 3, 4}), 3), (Safety{10, 3, 5, 3}));
    }

    void theServerThatHoldsMostIsTheOneToFear() {
        QCOMPARE(safetyOf(cells({0, 0, 0, 0, 1, 2}), 3), (Safety{6, 3, 3, 0}));
    }

    void oneCopySurvivesNothing() { QCOMPARE(safetyOf(cells({0}), 1), (Safety{1, 1, 1, 0})); }

    void lostAndWaitingPiecesCountForNothing() {
        QList<ShareCell> some = cells({0, 1, -1, -1});
        some.append({Where::Sending, QStringLiteral("server 3")});
        some.append({Where::FoundThere, QStringLiteral("server 4")});
        QCOMPARE(safetyOf(some, 2), (Safety{3, 2, 3, 1}));
        QCOMPARE(safetyOf({}, 0), Safety{});
    }

    void itAgreesWithTryingEverySetOfLosses() {
        QRandomGenerator random(20240501);
        for (int round = 0; round < 500; ++round) {
            const int servers = random.bounded(1, 7);
            const int shares = random.bounded(1, 12);
            QList<int> placed;
            QSet<int> used;
            for (int i = 0; i < shares; ++i) {
                placed.append(random.bounded(servers));
                used.insert(placed.last());
            }
            const int needed = random.bounded(1, shares + 1);
            if (used.size() != servers) {
                continue;  // the count by trying takes every server to hold something
            }
            QCOMPARE(safetyOf(cells(placed), needed).serversMayFail, mayFailByTrying(placed, needed, servers));
        }
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::SafetyTest)
#include "safety_test.moc"
