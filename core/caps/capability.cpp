#include "core/caps/capability.h"

#include "core/caps/capability_kinds.h"
#include "core/crypto/derive.h"
#include "core/foundation/base32.h"

#include <concepts>
#include <utility>

namespace tarn::caps {

namespace {

constexpr FileKind kindOf(const Chk&) {
    return FileKind::Chk;
}
constexpr FileKind kindOf(const ChkVerifier&) {
    return FileKind::ChkVerifier;
}
constexpr FileKind kindOf(const Literal&) {
    return FileKind::Literal;
}
constexpr FileKind kindOf(const MutableWrite& cap) {
    return cap.format == MutableFormat::Sdmf ? FileKind::Ssk : FileKind::Mdmf;
}
constexpr FileKind kindOf(const MutableRead& cap) {
    return cap.format == MutableFormat::Sdmf ? FileKind::SskRo : FileKind::MdmfRo;
}
constexpr FileKind kindOf(const MutableVerifier& cap) {
    return cap.format == MutableFormat::Sdmf ? FileKind::SskVerifier : FileKind::MdmfVerifier;
}

/// The fields after the kind, which are the same for a file and for a directory kept in it.
std::string twoFields(ByteView first, const crypto::Hash& second) {
    return toBase32(first) + ':' + toBase32(second.bytes());
}
template <typename Immutable>
std::string immutableFields(ByteView first, const Immutable& cap) {
    return twoFields(first, cap.uriExtensionHash) + ':' + std::to_string(cap.required) + ':' +
           std::to_string(cap.total) + ':' + std::to_string(cap.size.value());
}
std::string fieldsOf(const Chk& cap) {
    return immutableFields(cap.key.reveal(), cap);
}
std::string fieldsOf(const ChkVerifier& cap) {
    return immutableFields(cap.storageIndex.bytes(), cap);
}
std::string fieldsOf(const Literal& cap) {
    return toBase32(cap.data);
}
std::string fieldsOf(const MutableWrite& cap) {
    return twoFields(cap.key.reveal(), cap.fingerprint);
}
std::string fieldsOf(const MutableRead& cap) {
    return twoFields(cap.key.reveal(), cap.fingerprint);
}
std::string fieldsOf(const MutableVerifier& cap) {
    return twoFields(cap.storageIndex.bytes(), cap.fingerprint);
}

template <typename File>
std::string printed(std::string_view kind, const File& file) {
    std::string text = "URI:";
    text.append(kind);
    text.push_back(':');
    text.append(fieldsOf(file));
    return text;
}

template <typename File>
concept IsVerifier = std::same_as<File, ChkVerifier> || std::same_as<File, MutableVerifier>;

// Weakening follows from what a file's type offers: what has no weaker form is as weak as can be, or cannot be
// weakened.
template <typename File>
auto readOnlyOf(const File& file) {
    if constexpr (IsVerifier<File>) {
        return std::nullopt;
    } else if constexpr (requires { file.readOnly(); }) {
        return std::optional(file.readOnly());
    } else {
        return std::optional(file);
    }
}

template <typename File>
auto verifierOf(const File& file) {
    if constexpr (IsVerifier<File>) {
        return std::optional(file);
    } else if constexpr (requires { file.verifier(); }) {
        return std::optional(file.verifier());
    } else {
        return std::nullopt;
    }
}

template <typename File>
std::optional<StorageIndex> storageIndexOf(const File& file) {
    if constexpr (IsVerifier<File>) {
        return file.storageIndex;
    } else if constexpr (requires { file.storageIndex(); }) {
        return file.storageIndex();
    } else {
        return std::nullopt;
    }
}

std::optional<Capability> asFile(std::nullopt_t) {
    return std::nullopt;
}
std::optional<Capability> asDirectory(std::nullopt_t) {
    return std::nullopt;
}
template <typename File>
std::optional<Capability> asFile(std::optional<File> weaker) {
    return Capability(std::move(*weaker));
}
template <typename File>
std::optional<Capability> asDirectory(std::optional<File> weaker) {
    return Capability(Directory<File>{std::move(*weaker)});
}

template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// Calls `onFile` with a file, `onDirectory` with the file that holds a directory, `onUnknown` with the rest.
template <typename OnFile, typename OnDirectory, typename OnUnknown>
auto visitKinds(const Capability& capability, OnFile onFile, OnDirectory onDirectory, OnUnknown onUnknown) {
    return std::visit(
        Overloaded{[&](const Unknown& unknown) { return onUnknown(unknown); },
                   [&]<typename File>(const Directory<File>& directory) { return onDirectory(directory.file); },
                   [&]<typename File>(const File& file) {
                       return onFile(file);
                   }},
        capability);
}

}  // namespace

std::string ChkVerifier::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

ChkVerifier Chk::verifier() const {
    return {storageIndex(), uriExtensionHash, required, total, size};
}
StorageIndex Chk::storageIndex() const {
    return crypto::storageIndexOf(key);
}
std::string Chk::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

std::string Literal::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

std::string MutableVerifier::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

MutableVerifier MutableRead::verifier() const {
    return {format, storageIndex(), fingerprint};
}
StorageIndex MutableRead::storageIndex() const {
    return crypto::storageIndexOf(key);
}
std::string MutableRead::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

MutableRead MutableWrite::readOnly() const {
    return {format, crypto::readKeyOf(key), fingerprint};
}
MutableVerifier MutableWrite::verifier() const {
    return readOnly().verifier();
}
StorageIndex MutableWrite::storageIndex() const {
    return readOnly().storageIndex();
}
std::string MutableWrite::reveal() const {
    return printed(nameOf(kindOf(*this)).file, *this);
}

template <typename File>
std::string Directory<File>::reveal() const {
    return printed(nameOf(kindOf(file)).directory, file);
}
template struct Directory<Chk>;
template struct Directory<ChkVerifier>;
template struct Directory<Literal>;
template struct Directory<MutableWrite>;
template struct Directory<MutableRead>;
template struct Directory<MutableVerifier>;

std::string reveal(const Capability& capability) {
    return std::visit([](const auto& each) { return each.reveal(); }, capability);
}

std::optional<Capability> readOnly(const Capability& capability) {
    return visitKinds(
        capability, [](const auto& file) { return asFile(readOnlyOf(file)); },
        [](const auto& file) { return asDirectory(readOnlyOf(file)); },
        [](const Unknown&) { return std::optional<Capability>(); });
}

std::optional<Capability> verifier(const Capability& capability) {
    return visitKinds(
        capability, [](const auto& file) { return asFile(verifierOf(file)); },
        [](const auto& file) { return asDirectory(verifierOf(file)); },
        [](const Unknown&) { return std::optional<Capability>(); });
}

std::optional<StorageIndex> storageIndex(const Capability& capability) {
    const auto ofFile = [](const auto& file) {
        return storageIndexOf(file);
    };
    return visitKinds(capability, ofFile, ofFile, [](const Unknown&) { return std::optional<StorageIndex>(); });
}

std::string_view kindName(const Capability& capability) {
    return visitKinds(
        capability, [](const auto& file) { return nameOf(kindOf(file)).file; },
        [](const auto& file) { return nameOf(kindOf(file)).directory; },
        [](const Unknown&) { return std::string_view("unknown"); });
}

}  // namespace tarn::caps
