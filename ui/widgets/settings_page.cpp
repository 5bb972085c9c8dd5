#include "ui/widgets/settings_page.h"

#include "ui/models/grid_words.h"
#include "ui/models/home_server_words.h"
#include "ui/models/quantity_words.h"
#include "ui/widgets/limits_panel.h"
#include "ui/widgets/switch_button.h"
#include "ui/widgets/tone_colours.h"

#include <QDir>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace tarn::ui {
namespace {

constexpr int kPageWidth = 640;

QLabel* label(QWidget* parent, bool selectable = false) {
    auto* made = new QLabel(parent);
    made->setTextFormat(Qt::PlainText);
    made->setWordWrap(true);
    if (selectable) {
        made->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    }
    return made;
}

QLabel* heading(const QString& words, qreal scale, QWidget* parent) {
    auto* made = new QLabel(words, parent);
    QFont font = made->font();
    font.setPointSizeF(font.pointSizeF() * scale);
    font.setWeight(QFont::DemiBold);
    made->setFont(font);
    return made;
}

QFrame* line(QWidget* parent) {
    auto* made = new QFrame(parent);
    made->setFixedHeight(1);
    made->setAutoFillBackground(true);
    made->setBackgroundRole(QPalette::Window);
    QPalette palette = made->palette();
    palette.setColor(QPalette::Window, quietLine(palette));
    made->setPalette(palette);
    return made;
}

}  // namespace

SettingsPage::SettingsPage(api::Engine& engine, QWidget* parent)
    : QWidget(parent), m_engine(engine), m_servers(label(this)), m_promise(label(this)),
      m_switch(new SwitchButton(this)), m_state(label(this)), m_meaning(label(this)), m_holding(label(this)),
      m_available(label(this)), m_folder(label(this, true)), m_address(label(this, true)) {
    m_switch->setObjectName(QStringLiteral("homeServerSwitch"));
    m_switch->setAccessibleName(tr("Storage server on this computer"));
    m_state->setObjectName(QStringLiteral("homeServerState"));
    m_state->setWordWrap(false);
    QFont strong = m_state->font();
    strong.setWeight(QFont::DemiBold);
    m_state->setFont(strong);
    connect(m_switch, &SwitchButton::clicked, this, [this](bool on) { m_engine.homeServer().setEnabled(on); });
    connect(&m_engine, &api::Engine::gridChanged, this, &SettingsPage::showGrid);
    connect(&m_engine, &api::Engine::stateChanged, this, [this] {
        showGrid(m_engine.grid());
        showServer(m_engine.homeServer().snapshot());
    });
    connect(&m_engine.homeServer(), &api::HomeServer::changed, this, &SettingsPage::showServer);

    auto* switchRow = new QHBoxLayout;
    switchRow->setSpacing(12);
    switchRow->addWidget(heading(tr("Storage server on this computer"), 1.2, this));
    switchRow->addStretch();
    switchRow->addWidget(m_state);
    switchRow->addWidget(m_switch);

    auto* facts = new QFormLayout;
    facts->setHorizontalSpacing(24);
    facts->setVerticalSpacing(10);
    facts->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    facts->setLabelAlignment(Qt::AlignLeading);
    const auto row = [&](const QString& name, QLabel* value) {
        auto* key = label(this);
        key->setWordWrap(false);
        key->setText(name);
        key->setBuddy(value);
        tint(*key, secondaryText(palette()));
        value->setAccessibleName(name);
        facts->addRow(key, value);
    };
    row(tr("Holds"), m_holding);
    row(tr("Free space"), m_available);
    row(tr("Address"), m_address);
    row(tr("Folder"), m_folder);

    auto* column = new QVBoxLayout;
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(10);
    column->addWidget(heading(tr("Settings"), 1.6, this));
    column->addSpacing(14);
    column->addLayout(switchRow);
    column->addWidget(m_meaning);
    column->addSpacing(8);
    column->addLayout(facts);
    column->addSpacing(16);
    column->addWidget(line(this));
    column->addSpacing(12);
    column->addWidget(heading(tr("How fast transfers go"), 1.2, this));
    column->addWidget(new LimitsPanel(m_engine.transfers(), this));
    column->addSpacing(16);
    column->addWidget(line(this));
    column->addSpacing(12);
    column->addWidget(heading(tr("Where your files go"), 1.2, this));
    column->addWidget(m_servers);
    column->addWidget(m_promise);
    column->addStretch();
    auto* frame = new QWidget(this);
    frame->setLayout(column);
    frame->setMaximumWidth(kPageWidth);
    auto* page = new QHBoxLayout(this);
    page->setContentsMargins(28, 22, 28, 22);
    page->addWidget(frame, 100);
    page->addStretch(1);

    showGrid(m_engine.grid());
    showServer(m_engine.homeServer().snapshot());
}

void SettingsPage::showGrid(const api::GridSnapshot& grid) {
    m_servers->setText(GridWords::servers(grid));
    const Sentence promise = GridWords::promise(grid);
    m_promise->setText(promise.text);
    tint(*m_promise, toneColour(promise.tone, palette()));
    showServer(m_engine.homeServer().snapshot());
}

void SettingsPage::showServer(const api::HomeServerSnapshot& server) {
    {
        const QSignalBlocker quiet(m_switch);
        m_switch->setChecked(HomeServerWords::showsOn(server));
        m_switch->setEnabled(HomeServerWords::canSwitch(server));
    }
    const Sentence state = HomeServerWords::state(server);
    m_state->setText(state.text);
    tint(*m_state, toneColour(state.tone, palette()));
    m_meaning->setText(HomeServerWords::meaning(server, m_engine.grid().homeOnly));
    const QString unknown = QStringLiteral("–");
    const bool known = !server.folder.isEmpty();
    m_holding->setText(known ? HomeServerWords::holding(server, locale()) : unknown);
    m_available->setText(known && server.bytesAvailable > 0 ? QuantityWords::size(server.bytesAvailable, locale())
                                                            : unknown);
    m_address->setText(server.address.isEmpty() ? unknown : server.address);
    m_folder->setText(known ? QDir::toNativeSeparators(server.folder) : unknown);
}

}  // namespace tarn::ui
