#pragma once

#include "core/foundation/error.h"

#include <QNetworkReply>

#include <string>

namespace tarn::gbs {

/// What a status that the call did not hope for means. `server` names the server for people.
/// Source: Tahoe-LAFS docs/specifications/http-storage-node-protocol.rst.
[[nodiscard]] Error statusError(const std::string& server, int status);

/// What it means that an exchange ended without a whole answer. `begun`: the answer's head had come already.
[[nodiscard]] Error transportError(const std::string& server, QNetworkReply::NetworkError error, bool begun);

/// An answer that breaks the protocol or a limit.
[[nodiscard]] Error violation(const std::string& server, const std::string& what);

}  // namespace tarn::gbs
