#include "ui/widgets/language.h"

#include <QCoreApplication>
#include <QLibraryInfo>

// Outside every namespace, as the macro demands: the translations are part of a static library, which registers nothing
// by itself.
static void registerTranslations() {
    Q_INIT_RESOURCE(tarn_translations);
}

namespace tarn::ui {

Language::Language(const QLocale& locale) {
    registerTranslations();
    QLocale::setDefault(locale);
    const QString ours = QStringLiteral(":/i18n");
    // English first: it gives plural forms, and stays underneath for what another language lacks.
    use(QLocale(QLocale::English), QStringLiteral("tarn"), ours);
    if (locale.language() != QLocale::English && locale.language() != QLocale::C) {
        use(locale, QStringLiteral("qtbase"), QLibraryInfo::path(QLibraryInfo::TranslationsPath));
        use(locale, QStringLiteral("tarn"), ours);
    }
}

Language::~Language() {
    for (const auto& translator : m_translators) {
        QCoreApplication::removeTranslator(translator.get());
    }
}

void Language::use(const QLocale& locale, const QString& name, const QString& folder) {
    auto translator = std::make_unique<QTranslator>();
    if (translator->load(locale, name, QStringLiteral("_"), folder)) {
        QCoreApplication::installTranslator(translator.get());
        m_translators.push_back(std::move(translator));
    }
}

}  // namespace tarn::ui
