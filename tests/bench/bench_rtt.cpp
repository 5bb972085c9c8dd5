// Counts, on the line, how often a transfer of 1 kB waits for an answer, and the bytes that it takes beyond the shares.
//
// Usage: bench_rtt     Five servers on loopback, ours and real Tahoe-LAFS's (TARN_TAHOE_PYTHON), 3 of 10. Prints one
// JSON line.

#include "tests/gbs/counted_grid.h"

#include <QCoreApplication>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>
#include <exception>

namespace {

using tarn::testing::CountedGrid;

constexpr std::size_t servers = 5;
constexpr std::size_t fileSize = 1000;

QJsonObject figuresOf(const CountedGrid::Counted& counted) {
    return {{QLatin1String("round_trips"), counted.roundTrips},
            {QLatin1String("sent"), counted.sent},
            {QLatin1String("answered"), counted.answered}};
}

QJsonObject figuresOf(CountedGrid& grid, int enough) {
    const tarn::Bytes file(fileSize, 42);
    return {{QLatin1String("up"), figuresOf(grid.upload(file, enough))},
            {QLatin1String("down"), figuresOf(grid.download(file, true, 1))},
            {QLatin1String("down-unknown"), figuresOf(grid.download(file, false, enough))}};
}

}  // namespace

int main(int argc, char** argv) {
    const QCoreApplication application(argc, argv);
    try {
        QJsonObject figures;
        figures[QLatin1String("share_bytes")] = static_cast<qint64>(CountedGrid::shareBytes(fileSize));
        figures[QLatin1String("tarn")] = figuresOf(*CountedGrid::ofTarn(servers), 1);
        figures[QLatin1String("tahoe")] = figuresOf(*CountedGrid::ofTahoe(servers), 2);
        std::puts(QJsonDocument(figures).toJson(QJsonDocument::Compact).constData());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_rtt: %s\n", error.what());
        return 1;
    }
    return 0;
}
