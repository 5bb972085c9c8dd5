#pragma once

#include "core/foundation/error.h"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace tarn {

/// A value, or the error that stands in its place. Only what `std::expected` also offers is used, so that a later
/// compiler can take the standard type.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
    using Base = tl::expected<T, Error>;

public:
    using Base::Base;
    Result(tl::unexpected<Error> error) : Base(std::move(error)) {}
};

/// Makes the failing branch of a `Result`: `return failure(ErrorCode::NotFound, "no share 3");`
[[nodiscard]] inline tl::unexpected<Error> failure(ErrorCode code, std::string detail = {}, bool retryable = false) {
    return tl::unexpected<Error>(Error{code, std::move(detail), retryable});
}

/// Passes an error on to a `Result` of another type.
[[nodiscard]] inline tl::unexpected<Error> failure(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace tarn
