#pragma once

#include <QNetworkRequest>

#include <string>
#include <vector>

namespace tarn::gbs {

/// Gives `request` one `X-Tahoe-Authorization` line for each of `values`: a Tahoe-LAFS server reads several lines, and
/// does not part one line at commas. The values must come from formats::gbs::writeSecretHeader.
/// Source: Tahoe-LAFS storage/http_server.py, `_extract_secrets`.
void addSecretHeaders(QNetworkRequest& request, const std::vector<std::string>& values);

}  // namespace tarn::gbs
