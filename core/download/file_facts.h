#pragma once

#include "core/crypto/hash.h"
#include "core/formats/encoding.h"

#include <memory>
#include <vector>

namespace tarn::download {

/// What every share of a file agrees on, proved by the capability's hash of the URI extension block. Immutable.
struct FileFacts {
    formats::Geometry geometry;
    crypto::Hash crypttextRoot;
    crypto::Hash shareRoot;
};

/// One proved hash a segment, in order. Shared by all who check against it.
using HashRow = std::shared_ptr<const std::vector<crypto::Hash>>;

/// What is known of a file so far; the parts come from whichever share proves them first.
struct FileKnowledge {
    std::shared_ptr<const FileFacts> facts;
    HashRow crypttextHashes;
};

}  // namespace tarn::download
