#include "core/download/byte_window.h"

#include <algorithm>

namespace tarn::download {

Result<Range> cutToFile(std::optional<Range> range, ByteCount size) {
    const ByteOffset fileEnd(size.value());
    if (!range) {
        return Range{ByteOffset(0), fileEnd};
    }
    if (range->begin > range->end) {
        return failure(ErrorCode::InvalidArgument, "the range ends before it begins");
    }
    if (range->begin >= fileEnd) {
        return failure(ErrorCode::InvalidArgument, "the range begins at byte " + std::to_string(range->begin.value()) +
                                                       " of a file of " + std::to_string(size.value()) + " bytes");
    }
    return Range{range->begin, std::min(range->end, fileEnd)};
}

Result<void> deliverLiteral(const caps::Literal& literal, std::optional<Range> range, Sink& sink) {
    const auto cut = cutToFile(range, ByteCount(literal.data.size()));
    if (!cut) {
        return failure(cut.error());
    }
    const auto wanted = ByteView(literal.data).subspan(cut->begin.value(), (cut->end - cut->begin).value());
    if (auto written = sink.write(wanted); !written) {
        return written;
    }
    return sink.commit();
}

}  // namespace tarn::download
