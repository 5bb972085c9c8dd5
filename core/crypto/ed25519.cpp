#include "core/crypto/ed25519.h"

#include <cryptopp/xed25519.h>

#include <algorithm>
#include <array>

namespace tarn::crypto {

namespace {

/// The order of the curve's base point, little-endian: 2^252 + 27742317777372353535851937790883648493.
constexpr std::array<Byte, 32> groupOrder = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                             0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

/// Whether a signature's second half is below the group order. Crypto++ takes larger ones too, which would give every
/// signature several spellings; RFC 8032, section 5.1.7, wants them refused.
bool isCanonical(ByteView scalar) {
    return std::lexicographical_compare(scalar.rbegin(), scalar.rend(), groupOrder.rbegin(), groupOrder.rend());
}

}  // namespace

Ed25519PublicKey publicKeyOf(const Ed25519Seed& seed) {
    const CryptoPP::ed25519Signer signer(seed.reveal().data());
    const auto& key = dynamic_cast<const CryptoPP::ed25519PrivateKey&>(signer.GetPrivateKey());
    std::array<Byte, Ed25519PublicKey::size> bytes;
    std::copy_n(key.GetPublicKeyBytePtr(), bytes.size(), bytes.begin());
    return Ed25519PublicKey(bytes);
}

Ed25519Signature sign(const Ed25519Seed& seed, ByteView message) {
    const CryptoPP::ed25519Signer signer(seed.reveal().data());
    std::array<Byte, Ed25519Signature::size> bytes{};
    // The scheme is deterministic and asks its generator for nothing.
    signer.SignMessage(CryptoPP::NullRNG(), message.data(), message.size(), bytes.data());
    return Ed25519Signature(bytes);
}

bool verify(const Ed25519PublicKey& key, ByteView message, const Ed25519Signature& signature) {
    if (!isCanonical(signature.bytes().subspan(32))) {
        return false;
    }
    const CryptoPP::ed25519Verifier verifier(key.bytes().data());
    return verifier.VerifyMessage(message.data(), message.size(), signature.bytes().data(), signature.bytes().size());
}

}  // namespace tarn::crypto
