#pragma once

#include <QNetworkRequest>

#include <string>
#include <vector>

namespace tarn::gbs {

/// Gives `request` one `X-Tahoe-Authorization` line for each of `values`: a Tahoe-LAFS server reads several lines, and
/// does not part one line at commas. With `oneLine` they stand in one, parted by commas: over HTTP/2, which Tahoe-LAFS
/// does not speak, Qt has no other way. The values must come from formats::gbs::writeSecretHeader.
/// Source: Tahoe-LAFS storage/http_server.py, `_extract_secrets`.
void addSecretHeaders(QNetworkRequest& request, const std::vector<std::string>& values, bool oneLine);

}  // namespace tarn::gbs
