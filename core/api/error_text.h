#pragma once

#include <QString>

namespace tarn::api {

/// The sentences for a person: what happened, what is kept, what to do. For the desktop and the command line alike.
struct ErrorText {
    QString what;
    QString kept;
    QString advice;
};

/// The text for a code by its name (`tarn::errorName`). An unknown name gives the text for an internal fault.
[[nodiscard]] ErrorText errorText(const QString& errorCode);

}  // namespace tarn::api
