#include "ui/models/transfer_words.h"
#include "ui/widgets/language.h"

#include <QFile>
#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

namespace tarn::ui_test {

/// One text as a translation file holds it.
struct Text {
    QString context;
    QString source;
    QStringList forms;
    bool finished = true;
};

class TranslationTest : public QObject {
    Q_OBJECT

private:
    static QList<Text> read(const QString& path) {
        QFile file(path);
        QList<Text> texts;
        if (!file.open(QIODevice::ReadOnly)) {
            return texts;
        }
        QXmlStreamReader xml(&file);
        QString context;
        while (!xml.atEnd()) {
            if (xml.readNext() != QXmlStreamReader::StartElement) {
                continue;
            }
            if (xml.name() == QLatin1String("name")) {
                context = xml.readElementText();
            } else if (xml.name() == QLatin1String("message")) {
                texts.append({context, {}, {}, true});
            } else if (xml.name() == QLatin1String("source")) {
                texts.last().source = xml.readElementText();
            } else if (xml.name() == QLatin1String("translation")) {
                texts.last().finished = !xml.attributes().hasAttribute(QStringLiteral("type"));
                bool plural = false;
                QString plain;
                while (
                    !(xml.readNext() == QXmlStreamReader::EndElement && xml.name() == QLatin1String("translation"))) {
                    if (xml.isStartElement() && xml.name() == QLatin1String("numerusform")) {
                        texts.last().forms.append(xml.readElementText());
                        plural = true;
                    } else if (xml.isCharacters() && !plural) {
                        plain += xml.text();
                    }
                }
                if (!plural) {
                    texts.last().forms.append(plain);
                }
            }
        }
        return texts;
    }

    static QStringList placeholders(const QString& text) {
        static const QRegularExpression pattern(QStringLiteral("%(L?n|[0-9])"));
        QStringList found;
        for (auto match = pattern.globalMatch(text); match.hasNext();) {
            found.append(match.next().captured());
        }
        found.sort();
        return found;
    }

private Q_SLOTS:
    void everyTextOfTheProgramIsInGerman() {
        // The extraction tool is asked for what the sources hold now, so a new text without a translation is seen.
        const QTemporaryDir folder;
        const QString fresh = folder.filePath(QStringLiteral("fresh.ts"));
        QProcess lupdate;
        lupdate.setWorkingDirectory(QStringLiteral(TARN_SOURCE_DIR));
        QStringList arguments{QStringLiteral("-silent"), QStringLiteral("-I"), QStringLiteral(".")};
        arguments << QStringLiteral("ui/models") << QStringLiteral("ui/widgets") << QStringLiteral("app/desktop")
                  << QStringLiteral("core/api") << QStringLiteral("-ts") << fresh;
        lupdate.start(QStringLiteral(TARN_LUPDATE), arguments);
        QVERIFY(lupdate.waitForFinished(120'000));
        QCOMPARE(lupdate.exitCode(), 0);
        QSet<QPair<QString, QString>> german;
        for (const Text& text : read(QStringLiteral(TARN_SOURCE_DIR "/resources/translations/tarn_de.ts"))) {
            german.insert({text.context, text.source});
        }
        const QList<Text> wanted = read(fresh);
        QVERIFY(wanted.size() > 100);
        for (const Text& text : wanted) {
            QVERIFY2(german.contains({text.context, text.source}),
                     qPrintable(text.context + QLatin1String(": ") + text.source));
        }
    }

    void germanIsWholeAndKeepsEveryPlaceholder() {
        const QList<Text> texts = read(QStringLiteral(TARN_SOURCE_DIR "/resources/translations/tarn_de.ts"));
        QVERIFY(texts.size() > 100);
        for (const Text& text : texts) {
            QVERIFY2(text.finished, qPrintable(text.source));
            for (const QString& form : text.forms) {
                QVERIFY2(!form.isEmpty(), qPrintable(text.source));
                QVERIFY2(placeholders(form) == placeholders(text.source), qPrintable(form));
            }
        }
    }

    void englishCountsInItsTwoForms() {
        const ui::Language language{QLocale(QLocale::English, QLocale::UnitedStates)};
        for (const Text& text : read(QStringLiteral(TARN_SOURCE_DIR "/resources/translations/tarn_en.ts"))) {
            QCOMPARE(text.forms.size(), 2);
            for (const QString& form : text.forms) {
                QVERIFY2(!form.contains(QStringLiteral("(s)")) && !form.isEmpty(), qPrintable(form));
            }
        }
    }

    void theProgramSpeaksTheLanguageItIsGivenAndEnglishOtherwise() {
        {
            const ui::Language language{QLocale(QLocale::German, QLocale::Austria)};
            QCOMPARE(ui::TransferWords::phaseName(api::Phase::HashTrees), QStringLiteral("Hashbäume"));
        }
        {
            const ui::Language language{QLocale(QLocale::Welsh)};
            QCOMPARE(ui::TransferWords::phaseName(api::Phase::HashTrees), QStringLiteral("Hash trees"));
        }
    }
};

}  // namespace tarn::ui_test

QTEST_GUILESS_MAIN(tarn::ui_test::TranslationTest)
#include "translation_test.moc"
