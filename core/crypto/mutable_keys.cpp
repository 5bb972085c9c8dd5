#include "core/crypto/mutable_keys.h"

#include "core/crypto/sha256d.h"

namespace tarn::crypto {

ReadKey readKeyOf(const WriteKey& key) {
    return taggedAs<ReadKey>("allmydata_mutable_writekey_to_readkey_v1", key.reveal());
}

StorageIndex storageIndexOf(const ReadKey& key) {
    return taggedAs<StorageIndex>("allmydata_mutable_readkey_to_storage_index_v1", key.reveal());
}

}  // namespace tarn::crypto
