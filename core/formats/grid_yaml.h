#pragma once

#include "core/foundation/result.h"

#include <yaml-cpp/yaml.h>

#include <string_view>

namespace tarn::formats {

/// Loads one YAML document that comes from elsewhere. Its events are counted before any tree is built from them, so
/// that a small file cannot become a large or deep tree. Fails: InvalidGrid (not UTF-8, control characters, anchors or
/// aliases, too long, too deep, too many values, not YAML).
[[nodiscard]] Result<YAML::Node> loadYaml(std::string_view text, std::size_t most);

}  // namespace tarn::formats
