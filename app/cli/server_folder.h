#pragma once

#include "app/cli/arguments.h"
#include "app/cli/verbs.h"

namespace tarn::cli {

/// The folder of a server: the one that --dir names, else the one of the profile, else the one that a profile here
/// would have. Fails: as engine::loadProfile.
[[nodiscard]] Result<std::filesystem::path> serverFolder(const Globals& globals, const VerbParser& parser);

}  // namespace tarn::cli
