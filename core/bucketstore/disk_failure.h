#pragma once

#include "core/foundation/result.h"

#include <utility>

namespace tarn::bucketstore {

/// What a client is told of a failing disk: full, or not well.
[[nodiscard]] inline tl::unexpected<Error> diskFailure(Error error) {
    if (error.code != ErrorCode::NoSpace && error.code != ErrorCode::Conflict) {
        error.code = ErrorCode::ServerFailed;
    }
    return failure(std::move(error));
}

}  // namespace tarn::bucketstore
