#include "core/crypto/aes_ctr.h"

#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

#include <algorithm>
#include <array>

namespace tarn::crypto {

struct AesCtr::State {
    CryptoPP::CTR_Mode<CryptoPP::AES>::Encryption cipher;
};

AesCtr::AesCtr(const FileKey& key, ByteOffset from) : m_state(std::make_unique<State>()) {
    constexpr std::array<Byte, CryptoPP::AES::BLOCKSIZE> zero{};
    m_state->cipher.SetKeyWithIV(key.reveal().data(), key.reveal().size(), zero.data(), zero.size());
    if (from.value() > 0) {
        m_state->cipher.Seek(from.value());
    }
}

AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;
AesCtr::~AesCtr() = default;

void AesCtr::process(ByteView in, MutableByteView out) {
    // Working in place, Crypto++ goes through a copy as long as the call: pieces that fit the cache keep that cheap.
    constexpr std::size_t mostInPlace = 16 * 1024;
    const std::size_t most = in.data() == out.data() ? mostInPlace : in.size();
    for (std::size_t done = 0; done < in.size();) {
        const std::size_t now = std::min(most, in.size() - done);
        m_state->cipher.ProcessData(out.data() + done, in.data() + done, now);
        done += now;
    }
}

}  // namespace tarn::crypto
