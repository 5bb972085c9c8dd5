#pragma once

#include <QList>
#include <QLocale>
#include <QTranslator>

#include <memory>
#include <vector>

namespace tarn::ui {

/// The texts of one language, in use for as long as this lives. English where there is no translation.
class Language {
public:
    /// Also makes `locale` the default one, for numbers and sizes.
    explicit Language(const QLocale& locale);
    ~Language();
    Language(const Language&) = delete;
    Language& operator=(const Language&) = delete;

private:
    void use(const QLocale& locale, const QString& name, const QString& folder);

    std::vector<std::unique_ptr<QTranslator>> m_translators;
};

}  // namespace tarn::ui
