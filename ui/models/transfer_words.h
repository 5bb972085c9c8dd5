#pragma once

#include "core/api/engine.h"
#include "core/api/transfers.h"

#include <QCoreApplication>
#include <QLocale>
#include <QString>

namespace tarn::ui {

/// How a sentence is meant, for its colour and sign.
enum class Tone : std::uint8_t { Plain, Good, Caution, Bad };

struct Sentence {
    QString text;
    Tone tone = Tone::Plain;
    bool operator==(const Sentence&) const = default;
};

/// A transfer in plain words. The plain words come first, the field's own word for the step after them.
class TransferWords {
    Q_DECLARE_TR_FUNCTIONS(TransferWords)

public:
    /// The field's name of a step: "Hash trees". Empty for waiting.
    [[nodiscard]] static QString phaseName(api::Phase phase);
    /// "Sending pieces to 5 servers · Shares (3/6)"
    [[nodiscard]] static QString phase(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid);
    /// What a finished transfer means: "Safe: any 3 of 10 pieces rebuild it."; claims no safety that is not there.
    [[nodiscard]] static Sentence outcome(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid);
    /// Why a queued transfer does not run yet: its turn has not come, or the last attempt failed for now.
    [[nodiscard]] static Sentence waiting(const api::TransferSnapshot& transfer);
    /// Where the pieces are: "10 pieces on 5 servers". Empty where there are none.
    [[nodiscard]] static QString whereabouts(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid);
    /// "12 MB of 40 MB" while it runs, the size otherwise.
    [[nodiscard]] static QString amount(const api::TransferSnapshot& transfer, const QLocale& locale);
    /// "4.2 MB/s · 12 s left"; what is not known is left out.
    [[nodiscard]] static QString pace(const api::TransferSnapshot& transfer, const QLocale& locale);
    /// One cell of the strip: "Piece 3: stored on berlin". Pieces count from 0, as share numbers do.
    [[nodiscard]] static QString cell(int shareNumber, const api::ShareCell& cell);
    /// The whole row for a screen reader.
    [[nodiscard]] static QString spoken(const api::TransferSnapshot& transfer, const api::GridSnapshot& grid,
                                        const QLocale& locale);
    /// What happened, what is kept, what to do, and the detail, one a line.
    [[nodiscard]] static QString failure(const QString& errorCode, const QString& detail);
};

}  // namespace tarn::ui
