#pragma once

#include "core/foundation/error.h"

#include <QAbstractSocket>

#include <string>

namespace tarn::gbs {

/// What a status that the call did not hope for means. `server` names the server for people.
/// Source: Tahoe-LAFS docs/specifications/http-storage-node-protocol.rst.
[[nodiscard]] Error statusError(const std::string& server, int status);

/// What it means that a connection did not come about.
[[nodiscard]] Error connectError(const std::string& server, QAbstractSocket::SocketError error);

/// What it means that a connection ended before an answer was whole. `begun`: the answer's head had come already.
[[nodiscard]] Error brokenOff(const std::string& server, bool begun);

/// An answer that breaks the protocol or a limit.
[[nodiscard]] Error violation(const std::string& server, const std::string& what);

}  // namespace tarn::gbs
