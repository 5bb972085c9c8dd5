#pragma once

#include "core/download/download.h"

namespace tarn::download {

/// Cuts an optional range to a file of `size` bytes; none means all of it.
/// Fails: InvalidArgument when the range is reversed, or begins at or past the end.
[[nodiscard]] Result<Range> cutToFile(std::optional<Range> range, ByteCount size);

}  // namespace tarn::download
