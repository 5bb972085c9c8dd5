#include "app/cli/server_folder.h"

#include "core/engine/profile.h"

namespace tarn::cli {

Result<std::filesystem::path> serverFolder(const Globals& globals, const VerbParser& parser) {
    if (parser.has(QStringLiteral("dir"))) {
        return std::filesystem::absolute(pathOf(parser.value(QStringLiteral("dir"))));
    }
    const auto profile = engine::loadProfile(globals.profile);
    if (profile) {
        return profile->settings.serverFolder;
    }
    if (profile.error().code == ErrorCode::ProfileMissing) {
        return engine::defaultServerFolder(globals.profile);
    }
    return failure(profile.error());
}

}  // namespace tarn::cli
