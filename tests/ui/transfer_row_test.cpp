#include "tests/ui/fake_engine.h"
#include "ui/widgets/copy_saver.h"
#include "ui/widgets/transfer_row.h"

#include <QApplication>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <set>

namespace tarn::ui_test {

using ui::ShareStrip;
using ui::TransferAction;
using ui::TransferRow;

class TransferRowTest : public QObject {
    Q_OBJECT

private:
    static QStyleOptionViewItem option(int width, Qt::LayoutDirection direction = Qt::LeftToRight) {
        QStyleOptionViewItem made;
        made.font = QApplication::font();
        made.direction = direction;
        made.rect = QRect(0, 100, width, TransferRow::height(made.font));
        return made;
    }

    static QList<QRect> parts(const TransferRow& row) {
        QList<QRect> all{row.sign, row.name, row.amount, row.bar, row.pace, row.outcome, row.strip};
        for (const TransferRow::Button& button : row.buttons) {
            all.append(button.rect);
        }
        all.removeIf([](const QRect& rect) { return rect.isNull(); });
        return all;
    }

private Q_SLOTS:
    void nothingOverlapsAndNothingLeavesTheRow_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<int>("width");
        QTest::addColumn<bool>("mirrored");
        for (const int kind : {0, 1, 2, 3, 4}) {
            for (const int width : {500, 700, 1600}) {
                for (const bool mirrored : {false, true}) {
                    QTest::addRow("%d at %d%s", kind, width, mirrored ? " mirrored" : "") << kind << width << mirrored;
                }
            }
        }
    }

    void nothingOverlapsAndNothingLeavesTheRow() {
        QFETCH(int, kind);
        QFETCH(int, width);
        QFETCH(bool, mirrored);
        const QString name = QStringLiteral("a file");
        const api::TransferSnapshot transfer = kind == 0   ? sending(1, name, 100, 50)
                                               : kind == 1 ? stored(1, name, 100)
                                               : kind == 2 ? broken(1, name, 100, QStringLiteral("DiskFull"))
                                               : kind == 3
                                                   ? waiting(1, name, 100)
                                                   : [&] {
                                                         api::TransferSnapshot paused = sending(1, name, 100, 50);
                                                         paused.state = api::TransferState::Paused;
                                                         return paused;
                                                     }();
        const auto given = option(width, mirrored ? Qt::RightToLeft : Qt::LeftToRight);
        const TransferRow row(given, transfer);
        const QList<QRect> rects = parts(row);
        for (qsizetype i = 0; i < rects.size(); ++i) {
            QVERIFY(given.rect.contains(rects.at(i)));
            for (qsizetype j = i + 1; j < rects.size(); ++j) {
                QVERIFY(!rects.at(i).intersects(rects.at(j)));
            }
        }
        QVERIFY(given.rect.contains(row.status));
        QVERIFY(!row.status.intersects(row.strip));
    }

    void buttonsAreFoundWhereTheyAre() {
        const api::TransferSnapshot transfer = stored(1, QStringLiteral("a"), 100);
        const TransferRow row(option(900), transfer);
        QCOMPARE(row.buttons.size(), 2);
        QCOMPARE(row.buttonAt(row.buttons.at(0).rect.center()), std::optional(TransferAction::CopyLink));
        QCOMPARE(row.buttonAt(row.buttons.at(1).rect.center()), std::optional(TransferAction::SaveCopy));
        QVERIFY(!row.buttonAt(row.name.center()));
    }

    void everyCellCanBePointedAt_data() {
        QTest::addColumn<int>("count");
        QTest::addColumn<bool>("mirrored");
        for (const int count : {1, 3, 10, 100, 256}) {
            QTest::addRow("%d", count) << count << false;
            QTest::addRow("%d mirrored", count) << count << true;
        }
    }

    void everyCellCanBePointedAt() {
        QFETCH(int, count);
        QFETCH(bool, mirrored);
        const ShareStrip strip(QRect(40, 10, ShareStrip::preferredWidth(count, 168), 10), count, mirrored);
        std::set<int> seen;
        for (int share = 0; share < count; ++share) {
            const QRectF cell = strip.cell(share);
            QVERIFY(cell.width() > 0);
            QVERIFY(QRectF(39.9, 9.9, 168.2, 10.2).contains(cell));
            QCOMPARE(strip.at(cell.center()), share);
            seen.insert(strip.at(cell.center()));
        }
        QCOMPARE(static_cast<int>(seen.size()), count);
        QCOMPARE(strip.at(QPointF(39, 12)), -1);
        QCOMPARE(strip.at(QPointF(60, 40)), -1);
    }

    void copiesOfManyNeverTakeAnotherFilesPlace() {
        const QTemporaryDir folder;
        const auto in = [&folder](const char* name) {
            return folder.filePath(QString::fromUtf8(name));
        };
        QFile there(in("a.txt"));
        QVERIFY(there.open(QIODevice::WriteOnly));
        const auto free = [&folder](const QString& name, const QStringList& taken = {}) {
            return ui::CopySaver::freePath(folder.path(), name, taken);
        };
        QCOMPARE(free(QStringLiteral("b.txt")), in("b.txt"));
        QCOMPARE(free(QStringLiteral("a.txt")), in("a (2).txt"));
        QCOMPARE(free(QStringLiteral("a.txt"), {in("a (2).txt")}), in("a (3).txt"));
        QCOMPARE(free(QStringLiteral(".profile"), {in(".profile")}), in(".profile (2)"));
        QCOMPARE(free(QStringLiteral("100%1.txt"), {in("100%1.txt")}), in("100%1 (2).txt"));
        QCOMPARE(free(QStringLiteral("../../etc/passwd")), in("passwd"));
        QVERIFY(free(QStringLiteral("..")).startsWith(folder.path() + QLatin1Char('/')));
        QVERIFY(!free(QStringLiteral("..")).endsWith(QStringLiteral("/..")));
    }
};

}  // namespace tarn::ui_test

QTEST_MAIN(tarn::ui_test::TransferRowTest)
#include "transfer_row_test.moc"
