#pragma once

#include "core/engine/progress_meter.h"

#include <QString>

#include <cstdint>

namespace tarn::cli {

/// One line on stderr that is drawn over again, where stderr is a terminal; nothing elsewhere. Takes itself away at the
/// end.
class ProgressBar {
public:
    ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar();

    /// Bytes of the file. `what` says which file, and what happens to it. Drawn at most some ten times a second.
    void show(const QString& what, std::uint64_t done, std::uint64_t total);
    void clear();

private:
    bool m_terminal;
    bool m_drawn = false;
    QString m_what;
    SteadyTime m_last;
    engine::ProgressMeter m_meter;
};

/// "12.3 MB": for people, in units of 1000.
[[nodiscard]] QString sizeText(std::uint64_t bytes);

}  // namespace tarn::cli
