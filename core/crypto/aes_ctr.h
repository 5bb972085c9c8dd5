#pragma once

#include "core/foundation/bytes.h"
#include "core/foundation/secret.h"
#include "core/foundation/units.h"

#include <memory>

namespace tarn::crypto {

/// The 16-byte AES key of an immutable file: who has it, reads the file.
using FileKey = Secret<struct FileKeyTag, 16>;

/// AES-128 in counter mode, the counter starting at 0 with the file's first byte. Encrypts and decrypts alike.
///
/// Thread: one at a time; several objects may share the work on one file, each from its own offset.
class AesCtr {
public:
    /// Starts at byte `from` of the stream, which need not be a multiple of 16.
    explicit AesCtr(const FileKey& key, ByteOffset from = ByteOffset(0));
    AesCtr(AesCtr&&) noexcept;
    AesCtr& operator=(AesCtr&&) noexcept;
    ~AesCtr();

    /// Turns the next `in.size()` bytes of the stream. `out` is as long as `in`, and may be the same memory.
    void process(ByteView in, MutableByteView out);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

}  // namespace tarn::crypto
