#pragma once

#include "core/engine/profile.h"

#include <string>
#include <string_view>

namespace tarn::engine {

/// The text of `profile.json`. A server folder inside `folder` is written relative to it, so that a profile can be
/// moved.
[[nodiscard]] std::string writeSettings(const ProfileSettings& settings, const std::filesystem::path& folder);
/// Fails: ProfileDamaged (not JSON, a newer version, a value missing or outside its range).
[[nodiscard]] Result<ProfileSettings> parseSettings(std::string_view json, const std::filesystem::path& folder);

}  // namespace tarn::engine
