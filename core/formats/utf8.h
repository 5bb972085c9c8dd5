#pragma once

#include <QByteArray>

#include <string_view>

namespace tarn::formats {

[[nodiscard]] inline bool isUtf8(std::string_view text) noexcept {
    return QByteArrayView(text.data(), static_cast<qsizetype>(text.size())).isValidUtf8();
}

}  // namespace tarn::formats
