#include "ui/widgets/limits_panel.h"

#include <QCheckBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QSpinBox>

#include <algorithm>

namespace tarn::ui {
namespace {

constexpr int kBytesAUnit = 1000;
constexpr int kMostUnits = 10'000'000;

}  // namespace

LimitsPanel::LimitsPanel(api::Transfers& transfers, QWidget* parent)
    : QWidget(parent), m_transfers(transfers),
      m_metered(new QCheckBox(tr("Pause while the connection is metered"), this)) {
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(24);
    form->setVerticalSpacing(8);
    form->setLabelAlignment(Qt::AlignLeading);
    const auto limit = [&](const QString& name, const QString& objectName, quint64 api::QueueSettings::*value) {
        auto* box = new QSpinBox(this);
        box->setObjectName(objectName);
        box->setRange(0, kMostUnits);
        box->setSingleStep(100);
        box->setSuffix(tr(" kB/s"));
        box->setSpecialValueText(tr("no limit"));
        box->setAccessibleName(name);
        box->findChild<QLineEdit*>()->setAccessibleName(name);
        box->setKeyboardTracking(false);  // a number is good when it is whole
        box->setMaximumWidth(180);
        form->addRow(name, box);
        connect(box, &QSpinBox::valueChanged, this, &LimitsPanel::apply);
        return Limit{box, value};
    };
    m_limits = {limit(tr("Upload at most"), QStringLiteral("limitUp"), &api::QueueSettings::totalUp),
                limit(tr("Download at most"), QStringLiteral("limitDown"), &api::QueueSettings::totalDown),
                limit(tr("To each server"), QStringLiteral("limitServerUp"), &api::QueueSettings::serverUp),
                limit(tr("From each server"), QStringLiteral("limitServerDown"), &api::QueueSettings::serverDown)};
    m_metered->setObjectName(QStringLiteral("pauseOnMetered"));
    form->addRow(m_metered);
    connect(m_metered, &QCheckBox::toggled, this, &LimitsPanel::apply);
    connect(&m_transfers, &api::Transfers::settingsChanged, this, &LimitsPanel::show);
    show(m_transfers.settings());
}

void LimitsPanel::show(const api::QueueSettings& settings) {
    for (const Limit& limit : m_limits) {
        const QSignalBlocker quiet(limit.box);
        const quint64 units = (settings.*limit.value + kBytesAUnit - 1) / kBytesAUnit;
        limit.box->setValue(static_cast<int>(std::min<quint64>(units, kMostUnits)));
    }
    const QSignalBlocker quiet(m_metered);
    m_metered->setChecked(settings.pauseOnMetered);
}

void LimitsPanel::apply() {
    api::QueueSettings settings = m_transfers.settings();
    for (const Limit& limit : m_limits) {
        settings.*limit.value = static_cast<quint64>(limit.box->value()) * kBytesAUnit;
    }
    settings.pauseOnMetered = m_metered->isChecked();
    m_transfers.setSettings(settings);
}

}  // namespace tarn::ui
