#!/usr/bin/env python3
"""Writes crypto.json: what Tahoe-LAFS's own hashing, derivation and encryption make of given inputs.

Run with a Python that has tahoe-lafs installed; the output does not depend on when or where.
"""

import hashlib
import json
from pathlib import Path

from allmydata.crypto import aes
from allmydata.storage.lease_schema import HashedLeaseSerializer
from allmydata.util import hashutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def seeded(name, size):
    return hashlib.shake_128(name.encode()).digest(size)


def pattern(size):
    """Bytes that the tests make the same way."""
    return bytes((i * 31 + (i >> 8) * 7 + (i >> 16)) & 255 for i in range(size))


def key_stream(key, offset, size):
    """The AES-CTR stream from a byte offset that need not be a multiple of 16."""
    counter = (offset // 16).to_bytes(16, "big")
    skip = offset % 16
    stream = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor().update(bytes(skip + size))
    return stream[skip:]


def hashes():
    for size in (0, 1, 19, 22, 31, 32, 33, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 131072, (1 << 20) + 1):
        data = pattern(size)
        yield {
            "size": size,
            "block": hashutil.block_hash(data).hex(),
            "crypttextSegment": hashutil.crypttext_segment_hash(data).hex(),
            "crypttext": hashutil.crypttext_hash(data).hex(),
            "uriExtension": hashutil.uri_extension_hash(data).hex(),
            "sha256": hashlib.sha256(data).hexdigest(),
            "sha1": hashlib.sha1(data).hexdigest(),
            "blake2b": HashedLeaseSerializer._hash_secret(data).hex(),
        }


def tagged():
    for tag in ("", "t", "Merkle tree internal node", "x" * 64, "y" * 300):
        for a, b in ((b"", b""), (b"a", b""), (pattern(32), pattern(33)), (pattern(100), pattern(9))):
            yield {
                "tag": tag, "a": a.hex(), "b": b.hex(),
                "hash": hashutil.tagged_hash(tag.encode(), a).hex(),
                "pair": hashutil.tagged_pair_hash(tag.encode(), a, b).hex(),
            }


def convergence():
    secrets = (b"", b"s", seeded("convergence", 16), seeded("convergence", 32), seeded("convergence", 150))
    shapes = ((1, 1, 1), (3, 10, 131072), (3, 10, 1 << 20), (7, 23, 131070), (25, 100, 262150), (255, 256, 1 << 17),
              (256, 256, (1 << 32) + 256), (1, 256, 12345))
    for i, secret in enumerate(secrets):
        for j, (k, n, segment) in enumerate(shapes):
            size = (0, 55, 56, 1000, 131073)[(i + j) % 5]
            key = hashutil.convergence_hash(k, n, segment, pattern(size), secret)
            yield {
                "secret": secret.hex(), "required": k, "total": n, "segment": str(segment), "size": size,
                "key": key.hex(), "storageIndex": hashutil.storage_index_hash(key).hex(),
            }


def leases():
    for i in range(8):
        master, index, server = (seeded(f"lease {part} {i}", size)
                                 for part, size in (("master", 32), ("index", 16), ("server", 20)))
        renew = hashutil.file_renewal_secret_hash(hashutil.my_renewal_secret_hash(master), index)
        cancel = hashutil.file_cancel_secret_hash(hashutil.my_cancel_secret_hash(master), index)
        yield {
            "master": master.hex(), "storageIndex": index.hex(), "server": server.hex(),
            "renew": hashutil.bucket_renewal_secret_hash(renew, server).hex(),
            "cancel": hashutil.bucket_cancel_secret_hash(cancel, server).hex(),
        }


def mutable():
    for i in range(8):
        write = seeded(f"write key {i}", 16)
        read = hashutil.ssk_readkey_hash(write)
        yield {"writeKey": write.hex(), "readKey": read.hex(),
               "storageIndex": hashutil.ssk_storage_index_hash(read).hex()}


def ciphers():
    size = 100
    for i, offset in enumerate((0, 1, 15, 16, 17, 255, 4095, 4096, 65551, (1 << 20) + 7, (1 << 32) - 1, 1 << 32,
                                (1 << 36) - 33, (1 << 36) + 3, (1 << 40) + 9, (1 << 62) + 1)):
        key = seeded(f"file key {i}", 16)
        stream = key_stream(key, offset, size)
        if offset < 1 << 21:
            encryptor = aes.create_encryptor(key)
            assert aes.encrypt_data(encryptor, bytes(offset + size))[offset:] == stream
        yield {"key": key.hex(), "offset": str(offset), "stream": stream.hex()}


def signatures():
    for i, size in enumerate((0, 1, 32, 64, 100, 1023, 5000)):
        seed = seeded(f"signing seed {i}", 32)
        key = Ed25519PrivateKey.from_private_bytes(seed)
        yield {
            "seed": seed.hex(), "size": size,
            "publicKey": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(),
            "signature": key.sign(pattern(size)).hex(),
        }


def main():
    out = {maker.__name__: list(maker())
           for maker in (hashes, tagged, convergence, leases, mutable, ciphers, signatures)}
    path = Path(__file__).with_name("crypto.json")
    path.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
