#include "tests/gbs/counted_grid.h"

#include <QtTest>

namespace tarn::testing {

/// How often a small file's transfer waits for an answer, counted on the line and not by the clock.
class RoundTripsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        m_tarn = CountedGrid::ofTarn(5);
        m_tahoe = CountedGrid::ofTahoe(5);
    }
    void cleanupTestCase() {
        m_tarn.reset();
        m_tahoe.reset();
    }

    void anUploadToTarnServers() { expect(m_tarn->upload(m_file, 1), 1); }
    void anUploadToTahoeServers() { expect(m_tahoe->upload(m_file, 2), 2); }
    void aDownloadFromTarnServers() { expect(m_tarn->download(m_file, false, 1), 1); }
    void aDownloadFromTahoeServers() { expect(m_tahoe->download(m_file, false, 2), 2); }
    void aDownloadByOneWhoKnowsWhereTheSharesAre() {
        expect(m_tarn->download(m_file, true, 1), 1);
        expect(m_tahoe->download(m_file, true, 1), 1);
    }

private:
    static void expect(const CountedGrid::Counted& counted, int roundTrips) {
        QCOMPARE(counted.roundTrips, roundTrips);
    }

    const Bytes m_file = Bytes(1000, 42);
    std::unique_ptr<CountedGrid> m_tarn;
    std::unique_ptr<CountedGrid> m_tahoe;
};

}  // namespace tarn::testing

QTEST_GUILESS_MAIN(tarn::testing::RoundTripsTest)
#include "round_trips_test.moc"
