#pragma once

#include <QListWidget>

namespace tarn::ui {

/// The window's sections, one below the other.
class Sidebar : public QListWidget {
    Q_OBJECT

public:
    enum class Section : std::uint8_t { Transfers, Settings };

    explicit Sidebar(QWidget* parent = nullptr);
    void setSection(Section section);

Q_SIGNALS:
    void sectionWanted(tarn::ui::Sidebar::Section section);
};

}  // namespace tarn::ui
