#include "core/gbs/secret_headers.h"

#include <QtGlobal>

#if QT_VERSION >= QT_VERSION_CHECK(6, 8, 0)
#include <QHttpHeaders>
#endif

namespace tarn::gbs {

namespace {

constexpr const char* headerName = "X-Tahoe-Authorization";

}  // namespace

#if QT_VERSION >= QT_VERSION_CHECK(6, 8, 0)

void addSecretHeaders(QNetworkRequest& request, const std::vector<std::string>& values, bool /*oneLine*/) {
    QHttpHeaders headers = request.headers();
    for (const std::string& value : values) {
        headers.append(headerName, QByteArray::fromStdString(value));
    }
    request.setHeaders(headers);
}

#else

void addSecretHeaders(QNetworkRequest& request, const std::vector<std::string>& values, bool oneLine) {
    // A request keeps one value a name here, and writes it out over HTTP/1.1 as it stands. So the line breaks and the
    // repeated name go into the value. The values are a fixed name and base64: they can break no line of their own.
    QByteArray joined;
    for (const std::string& value : values) {
        if (!joined.isEmpty() && oneLine) {
            joined += ", ";
        } else if (!joined.isEmpty()) {
            joined += "\r\n";
            joined += headerName;
            joined += ": ";
        }
        joined.append(value.data(), static_cast<qsizetype>(value.size()));
    }
    if (!joined.isEmpty()) {
        request.setRawHeader(headerName, joined);
    }
}

#endif

}  // namespace tarn::gbs
