#include "core/engine/profile_settings.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QString>

#include <cmath>
#include <limits>

namespace tarn::engine {

namespace {

constexpr int version = 1;

tl::unexpected<Error> damaged(const char* what) {
    return failure(ErrorCode::ProfileDamaged, std::string("profile.json: ") + what);
}

/// JSON knows only floating-point numbers: takes those that are whole and fit.
std::optional<std::uint32_t> wholeNumber(const QJsonValue& value) {
    const double number = value.toDouble(-1);
    if (!value.isDouble() || number < 0 || number > std::numeric_limits<std::uint32_t>::max() ||
        number != std::floor(number)) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(number);
}

QString textOfPath(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

}  // namespace

std::string writeSettings(const ProfileSettings& settings, const std::filesystem::path& folder) {
    const auto inside = settings.serverFolder.lexically_relative(folder);
    const bool relative = !inside.empty() && *inside.begin() != "..";
    const QJsonObject encoding{
        {QStringLiteral("required"), static_cast<int>(settings.encoding.required)},
        {QStringLiteral("happy"), static_cast<int>(settings.encoding.happy)},
        {QStringLiteral("total"), static_cast<int>(settings.encoding.total)},
        {QStringLiteral("segmentSize"), static_cast<qint64>(settings.encoding.maximumSegmentSize.value())},
    };
    const QJsonObject server{
        {QStringLiteral("folder"), textOfPath(relative ? inside : settings.serverFolder)},
        {QStringLiteral("enabled"), settings.serverEnabled},
    };
    const QJsonObject all{
        {QStringLiteral("version"), version},
        {QStringLiteral("home"), settings.home},
        {QStringLiteral("encoding"), encoding},
        {QStringLiteral("server"), server},
    };
    return QJsonDocument(all).toJson().toStdString();
}

Result<ProfileSettings> parseSettings(std::string_view json, const std::filesystem::path& folder) {
    QJsonParseError error;
    const auto document = QJsonDocument::fromJson(QByteArray(json.data(), static_cast<qsizetype>(json.size())), &error);
    if (error.error != QJsonParseError::NoError || !document.isObject()) {
        return damaged("not JSON");
    }
    const auto all = document.object();
    const auto written = wholeNumber(all.value(QStringLiteral("version")));
    if (!written || *written == 0) {
        return damaged("no version");
    }
    if (*written > version) {
        return damaged("written by a newer version of Tarn");
    }
    const auto home = all.value(QStringLiteral("home"));
    const auto encoding = all.value(QStringLiteral("encoding")).toObject();
    const auto server = all.value(QStringLiteral("server")).toObject();
    const auto required = wholeNumber(encoding.value(QStringLiteral("required")));
    const auto happy = wholeNumber(encoding.value(QStringLiteral("happy")));
    const auto total = wholeNumber(encoding.value(QStringLiteral("total")));
    const auto segmentSize = wholeNumber(encoding.value(QStringLiteral("segmentSize")));
    const auto serverFolder = server.value(QStringLiteral("folder")).toString();
    const auto enabled = server.value(QStringLiteral("enabled"));
    if (!home.isBool() || !required || !happy || !total || !segmentSize || serverFolder.isEmpty() ||
        !enabled.isBool()) {
        return damaged("a setting is missing or of the wrong kind");
    }
    ProfileSettings settings;
    settings.home = home.toBool();
    settings.encoding = {*required, *happy, *total, ByteCount(*segmentSize)};
    if (!settings.encoding.check()) {
        return damaged("an encoding that cannot be");
    }
    settings.serverFolder = (folder / serverFolder.toStdString()).lexically_normal();
    settings.serverEnabled = enabled.toBool();
    return settings;
}

}  // namespace tarn::engine
