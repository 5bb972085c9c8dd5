#pragma once

#include "core/formats/grid_file.h"

#include <stdexcept>
#include <string_view>

namespace tarn::testing {

/// What a grid would say of a server that is known by its NURL alone.
inline formats::ServerAnnouncement announced(std::string_view nurl) {
    auto parsed = formats::parseNurl(nurl);
    if (!parsed) {
        throw std::invalid_argument(parsed.error().detail);
    }
    formats::ServerAnnouncement announcement;
    announcement.id = ServerId("v0-test");
    announcement.nickname = "under test";
    announcement.nurls.push_back(std::move(*parsed));
    return announcement;
}

}  // namespace tarn::testing
