#include "core/crypto/derive.h"

#include "core/crypto/sha256d.h"

#include <string>

namespace tarn::crypto {

namespace {

constexpr std::string_view convergentKeyTag = "allmydata_immutable_content_to_key_with_added_secret_v1+";
constexpr std::string_view storageIndexTag = "allmydata_immutable_key_to_storage_index_v1";

/// The tags on the way from a client's master secret to one kind of lease secret of one bucket on one server.
struct LeaseTags {
    std::string_view client;
    std::string_view file;
    std::string_view bucket;
};
constexpr LeaseTags renewTags{"allmydata_client_renewal_secret_v1", "allmydata_file_renewal_secret_v1",
                              "allmydata_bucket_renewal_secret_v1"};
constexpr LeaseTags cancelTags{"allmydata_client_cancel_secret_v1", "allmydata_file_cancel_secret_v1",
                               "allmydata_bucket_cancel_secret_v1"};

using Step = Secret<struct LeaseStepTag, 32>;

template <typename LeaseSecret>
LeaseSecret leaseSecret(const LeaseTags& tags, const LeaseMaster& master, const StorageIndex& index,
                        const LeaseSeed& server) {
    // The first step has the master secret as its tag and the tag as its data. That is how the protocol has it.
    const Step client = taggedAs<Step>(textOf(master.reveal()), viewOf(tags.client));
    const Step file = taggedPairAs<Step>(tags.file, client.reveal(), index.bytes());
    return taggedPairAs<LeaseSecret>(tags.bucket, file.reveal(), server.bytes());
}

void appendNetstring(Bytes& to, ByteView data) {
    const std::string length = std::to_string(data.size());
    to.insert(to.end(), length.begin(), length.end());
    to.push_back(':');
    to.insert(to.end(), data.begin(), data.end());
    to.push_back(',');
}

TaggedHasher convergentHasher(const ConvergenceSecret& secret, unsigned required, unsigned total,
                              ByteCount segmentSize) {
    const std::string parameters =
        std::to_string(required) + ',' + std::to_string(total) + ',' + std::to_string(segmentSize.value());
    // All room at once, so that no smaller copy of the secret is left behind by growing.
    Bytes tag;
    tag.reserve(convergentKeyTag.size() + secret.reveal().size() + parameters.size() + 2 * 24);
    tag.insert(tag.end(), convergentKeyTag.begin(), convergentKeyTag.end());
    appendNetstring(tag, secret.reveal());
    appendNetstring(tag, viewOf(parameters));
    TaggedHasher hasher(tag);
    wipe(tag);
    return hasher;
}

}  // namespace

ConvergentKeyHasher::ConvergentKeyHasher(const ConvergenceSecret& secret, unsigned required, unsigned total,
                                         ByteCount segmentSize)
    : m_hasher(convergentHasher(secret, required, total, segmentSize)) {}

FileKey ConvergentKeyHasher::finish() {
    std::array<Byte, FileKey::size> bytes;
    m_hasher.finishInto(bytes);
    FileKey key(bytes);
    wipe(bytes);
    return key;
}

StorageIndex storageIndexOf(const FileKey& key) {
    return taggedAs<StorageIndex>(storageIndexTag, key.reveal());
}

LeaseSecrets leaseSecretsFor(const LeaseMaster& master, StorageIndex index, LeaseSeed server) {
    return {leaseSecret<LeaseRenewSecret>(renewTags, master, index, server),
            leaseSecret<LeaseCancelSecret>(cancelTags, master, index, server)};
}

UploadSecret uploadSeedFor(const LeaseMaster& master, std::uint64_t number) {
    const std::string text = std::to_string(number);
    return taggedPairAs<UploadSecret>("tarn_upload_seed_v1", master.reveal(), viewOf(text));
}

UploadSecret uploadSecretFor(const UploadSecret& seed, StorageIndex index, LeaseSeed server) {
    const auto bucket = taggedPairAs<UploadSecret>("tarn_upload_bucket_secret_v1", seed.reveal(), index.bytes());
    return taggedPairAs<UploadSecret>("tarn_upload_server_secret_v1", bucket.reveal(), server.bytes());
}

}  // namespace tarn::crypto
