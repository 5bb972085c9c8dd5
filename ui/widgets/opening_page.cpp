#include "ui/widgets/opening_page.h"

#include "ui/widgets/mark.h"

#include <QLabel>
#include <QVBoxLayout>

namespace tarn::ui {

OpeningPage::OpeningPage(QWidget* parent) : QWidget(parent) {
    auto* mark = new QLabel(this);
    mark->setPixmap(markIcon().pixmap(QSize(64, 64), devicePixelRatioF()));
    auto* words = new QLabel(tr("Getting ready…"), this);
    auto* layout = new QVBoxLayout(this);
    layout->addStretch(2);
    layout->addWidget(mark, 0, Qt::AlignHCenter);
    layout->addSpacing(8);
    layout->addWidget(words, 0, Qt::AlignHCenter);
    layout->addStretch(3);
}

}  // namespace tarn::ui
