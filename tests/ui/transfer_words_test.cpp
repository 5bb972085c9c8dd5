#include "tests/ui/fake_engine.h"
#include "ui/models/grid_words.h"
#include "ui/models/home_server_words.h"
#include "ui/models/transfer_words.h"
#include "ui/widgets/language.h"

#include <QTest>

#include <memory>

namespace tarn::ui_test {

using api::Phase;
using ui::GridWords;
using ui::HomeServerWords;
using ui::Sentence;
using ui::Tone;
using ui::TransferWords;

class TransferWordsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_language = std::make_unique<ui::Language>(QLocale(QLocale::English, QLocale::UnitedStates));
    }
    void cleanupTestCase() { m_language.reset(); }

    void everyPhaseHasPlainWordsAndThenItsName_data() {
        QTest::addColumn<int>("phase");
        QTest::addColumn<QString>("words");
        const auto row = [](Phase phase, const char* words) {
            QTest::newRow(words) << static_cast<int>(phase) << QString::fromUtf8(words);
        };
        row(Phase::Waiting, "Waiting for its turn");
        row(Phase::Hashing, "Reading the file to make its key · Hashing (1/6)");
        row(Phase::Allocate, "Asking servers for room · Allocate (2/6)");
        row(Phase::Shares, "Sending pieces to 5 servers · Shares (3/6)");
        row(Phase::HashTrees, "Sealing the pieces with checksums · Hash trees (4/6)");
        row(Phase::Ueb, "Adding the summary that checks them all · UEB (5/6)");
        row(Phase::Close, "Servers make sure their pieces are on disk · Close (6/6)");
        row(Phase::FindingShares, "Looking for the pieces · Finding shares (1/2)");
        row(Phase::Reading, "Fetching and checking pieces from 5 servers · Reading (2/2)");
        row(Phase::Done, "Done");
    }

    void everyPhaseHasPlainWordsAndThenItsName() {
        QFETCH(int, phase);
        QFETCH(QString, words);
        api::TransferSnapshot transfer = sending(1, QStringLiteral("a"), 100, 10);
        transfer.phase = static_cast<Phase>(phase);
        QCOMPARE(TransferWords::phase(transfer, fiveServerGrid()), words);
    }

    void atHomeNobodySpeaksOfServers() {
        api::TransferSnapshot transfer = sending(1, QStringLiteral("a"), 100, 10);
        for (const Phase phase : {Phase::Allocate, Phase::Shares, Phase::Close}) {
            transfer.phase = phase;
            QVERIFY(
                !TransferWords::phase(transfer, homeGrid()).contains(QStringLiteral("server"), Qt::CaseInsensitive));
        }
    }

    void aSpreadFileIsSafeAndSaysHowSafe() {
        QCOMPARE(
            TransferWords::outcome(stored(1, QStringLiteral("a"), 5000), fiveServerGrid()),
            (Sentence{QStringLiteral("Safe: any 3 of 10 pieces rebuild it. 3 of 5 servers may fail."), Tone::Good}));
    }

    void oneCopyAtHomeIsNeverCalledSafe() {
        const Sentence words = TransferWords::outcome(storedAtHome(1, QStringLiteral("a"), 5000), homeGrid());
        QCOMPARE(words, (Sentence{QStringLiteral("Stored on this computer only: 1 copy."), Tone::Caution}));
    }

    void oneServerElsewhereIsNeverCalledSafe() {
        api::TransferSnapshot transfer = stored(1, QStringLiteral("a"), 5000);
        transfer.shares = cellsOver({QStringLiteral("berlin")}, 10, 10);
        const Sentence words = TransferWords::outcome(transfer, fiveServerGrid());
        QCOMPARE(words.tone, Tone::Caution);
        QVERIFY(words.text.startsWith(QStringLiteral("Stored on one server only.")));
    }

    void twoServersThatAreBothNeededAreNotCalledSafe() {
        api::TransferSnapshot transfer = stored(1, QStringLiteral("a"), 5000);
        transfer.shares = cellsOver({QStringLiteral("attic"), QStringLiteral("berlin")}, 3, 3);
        const Sentence words = TransferWords::outcome(transfer, fiveServerGrid());
        QCOMPARE(words.tone, Tone::Caution);
        QVERIFY(!words.text.contains(QStringLiteral("Safe")));
    }

    void aLiteralFileIsKeptByItsLinkAlone() {
        api::TransferSnapshot transfer = stored(1, QStringLiteral("a"), 55);
        transfer.shares.clear();
        QVERIFY(TransferWords::outcome(transfer, fiveServerGrid()).text.contains(QStringLiteral("Keep the link")));
        transfer.size = 56;
        QCOMPARE(TransferWords::outcome(transfer, fiveServerGrid()).text, QStringLiteral("Stored."));
    }

    void aFailedOneSaysWhatIsKeptAndWhatToDo() {
        const api::TransferSnapshot transfer = broken(1, QStringLiteral("a"), 10, QStringLiteral("NotEnoughServers"));
        QCOMPARE(TransferWords::outcome(transfer, fiveServerGrid()).tone, Tone::Bad);
        const QStringList lines =
            TransferWords::failure(transfer.errorCode, transfer.errorDetail).split(QLatin1Char('\n'));
        QCOMPARE(lines.size(), 4);
        QVERIFY(lines.last().contains(transfer.errorDetail));
        const QString spoken = TransferWords::spoken(transfer, fiveServerGrid(), QLocale());
        QVERIFY(spoken.contains(lines.at(1)) && spoken.contains(lines.at(2)));
    }

    void amountsAndPaceLeaveOutWhatIsNotKnown() {
        api::TransferSnapshot transfer = sending(1, QStringLiteral("a"), 40'000'000, 12'000'000);
        QCOMPARE(TransferWords::amount(transfer, QLocale()), QStringLiteral("12.0 MB of 40.0 MB"));
        QCOMPARE(TransferWords::pace(transfer, QLocale()), QStringLiteral("12.4 MB/s · 2 s left"));
        transfer.secondsLeft.reset();
        QCOMPARE(TransferWords::pace(transfer, QLocale()), QStringLiteral("12.4 MB/s"));
        transfer.bytesPerSecond = 0;
        QVERIFY(TransferWords::pace(transfer, QLocale()).isEmpty());
        transfer.done = 0;
        QCOMPARE(TransferWords::amount(transfer, QLocale()), QStringLiteral("40.0 MB"));
    }

    void cellsNameTheirServer() {
        using Where = api::ShareCell::Where;
        QCOMPARE(TransferWords::cell(3, {Where::Placed, QStringLiteral("berlin")}),
                 QStringLiteral("Piece 3: stored on berlin"));
        QCOMPARE(TransferWords::cell(0, {Where::FoundThere, QStringLiteral("attic")}),
                 QStringLiteral("Piece 0: was already on attic"));
        QCOMPARE(TransferWords::cell(9, {Where::Lost, {}}), QStringLiteral("Piece 9: lost"));
    }

    void namesWithPercentSignsStayWhole() {
        const QString odd = QStringLiteral("100%1 %2 %n.txt");
        QVERIFY(TransferWords::spoken(stored(1, odd, 5000), fiveServerGrid(), QLocale()).contains(odd));
    }

    void aGridPromisesOnlyWhatHappinessGuarantees() {
        QCOMPARE(GridWords::promise(fiveServerGrid()),
                 (Sentence{QStringLiteral("Each file is encrypted and cut into 10 pieces; any 3 of them rebuild it. At "
                                          "least 2 servers may fail."),
                           Tone::Good}));
        QCOMPARE(GridWords::promise(homeGrid()).tone, Tone::Caution);
        api::GridSnapshot careless = fiveServerGrid();
        careless.happy = 1;
        QCOMPARE(GridWords::promise(careless).tone, Tone::Caution);
        careless = fiveServerGrid();
        careless.servers = 1;
        QCOMPARE(GridWords::promise(careless).tone, Tone::Caution);
    }

    void theSwitchFollowsTheWishAndRestsWhileTheServerMoves() {
        using State = api::HomeServerSnapshot::State;
        api::HomeServerSnapshot server;
        const auto at = [&server](State state) -> const api::HomeServerSnapshot& {
            server.state = state;
            return server;
        };
        QVERIFY(!HomeServerWords::showsOn(at(State::Off)) && HomeServerWords::canSwitch(at(State::Off)));
        QVERIFY(HomeServerWords::showsOn(at(State::Starting)) && !HomeServerWords::canSwitch(at(State::Starting)));
        QVERIFY(HomeServerWords::showsOn(at(State::On)) && HomeServerWords::canSwitch(at(State::On)));
        QVERIFY(!HomeServerWords::showsOn(at(State::Stopping)) && !HomeServerWords::canSwitch(at(State::Stopping)));
        QVERIFY(!HomeServerWords::showsOn(at(State::Failed)) && HomeServerWords::canSwitch(at(State::Failed)));
        QVERIFY(!HomeServerWords::canSwitch(at(State::ElsewhereOnThisComputer)));
        QVERIFY(HomeServerWords::meaning(at(State::Off), true).contains(QStringLiteral("kept")));
    }

private:
    std::unique_ptr<ui::Language> m_language;
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::TransferWordsTest)
#include "transfer_words_test.moc"
