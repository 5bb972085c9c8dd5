#pragma once

#include <QIcon>
#include <QPainter>
#include <QRectF>

namespace tarn::ui {

/// What the tray icon says at a glance.
enum class MarkState : std::uint8_t { Idle, Busy, Attention };

/// Tarn's mark: a small lake under two mountains, in a rounded square.
void paintMark(QPainter& painter, const QRectF& rect);

/// The window's icon.
[[nodiscard]] QIcon markIcon();

/// The tray's icon. `step` moves the busy sign, any number from 0 up; the other states ignore it.
[[nodiscard]] QIcon trayIcon(MarkState state, int step);

/// After so many steps the busy sign is back where it began.
inline constexpr int kBusySteps = 4;

}  // namespace tarn::ui
