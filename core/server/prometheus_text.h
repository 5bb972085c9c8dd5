#pragma once

#include "core/server/server.h"

#include <string>

namespace tarn::server {

/// A server's figures in Prometheus's text exposition format 0.0.4. No secret, no storage index, no client address.
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/.
[[nodiscard]] std::string prometheusText(const Status& status);
inline constexpr const char* prometheusType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace tarn::server
