#!/usr/bin/env python3
"""Writes chk_vectors.json: capabilities of immutable files, as Tahoe-LAFS 1.20 computes them.

Run it with a Python that has the `tahoe-lafs` package (1.20.0). Nothing is sent anywhere: the encoder runs in full, and its
shares are thrown away. Each vector holds a convergence secret, a seed (the file is the seed repeated to `length`), the
encoding parameters, and the capability that must come out.
"""

import base64
import json
import pathlib

from zope.interface import implementer

from allmydata.immutable.encode import Encoder
from allmydata.immutable.upload import Data, EncryptAnUploadable
from allmydata.interfaces import IStorageBucketWriter
from allmydata import uri
from twisted.internet import defer, task


@implementer(IStorageBucketWriter)
class Nowhere:
    """A bucket that takes everything and keeps nothing."""

    def __getattr__(self, name):
        if name.startswith("put_") or name in ("close", "abort"):
            return lambda *args: defer.succeed(None)
        raise AttributeError(name)

    def get_servername(self):
        return "nowhere"

    def get_peerid(self):
        return b"nowhere"


def content(seed, length):
    return (seed * (length // len(seed) + 1))[:length]


@defer.inlineCallbacks
def capability(data, convergence, required, total, segment_size):
    uploadable = Data(data, convergence=convergence)
    uploadable.set_default_encoding_parameters(
        {"k": required, "happy": 1, "n": total, "max_segment_size": segment_size}
    )
    encryptor = EncryptAnUploadable(uploadable)
    encoder = Encoder()
    yield encoder.set_encrypted_uploadable(encryptor)
    encoder.set_shareholders(
        {share: Nowhere() for share in range(total)},
        {share: {b"nowhere"} for share in range(total)},
    )
    verify_cap = yield encoder.start()
    key = yield uploadable.get_encryption_key()
    return uri.CHKFileURI(
        key, verify_cap.uri_extension_hash, required, total, len(data)
    ).to_string()


PARAMETERS = [
    (1, 1), (1, 2), (2, 3), (3, 10), (3, 7), (7, 11), (16, 31), (100, 101), (255, 256), (256, 256),
]
MIB = 1024 * 1024
CASES = [
    (length, k, n, MIB)
    for length in (56, MIB - 1, MIB, MIB + 1, 8 * MIB + 1)
    for (k, n) in PARAMETERS
] + [
    (length, k, n, 131072)
    for length in (56, 131071, 131072, 131073, MIB + 1)
    for (k, n) in ((1, 1), (3, 10), (7, 11), (256, 256))
]
SECRETS = [b"", b"\x00" * 16, bytes(range(16)), b"a secret that a person chose"]
SEEDS = [b"a", b"Tarn", bytes(range(256)), b"\xff\x00\x01"]


@defer.inlineCallbacks
def main(reactor):
    vectors = []
    for number, (length, required, total, segment_size) in enumerate(CASES):
        secret = SECRETS[number % len(SECRETS)]
        seed = SEEDS[number // 2 % len(SEEDS)]
        cap = yield capability(content(seed, length), secret, required, total, segment_size)
        vectors.append({
            "convergence_b64": base64.b64encode(secret).decode(),
            "seed_b64": base64.b64encode(seed).decode(),
            "length": length,
            "required": required,
            "total": total,
            "segment_size": segment_size,
            "expected": cap.decode(),
        })
    lines = ",\n".join(" " + json.dumps(vector) for vector in vectors)
    pathlib.Path(__file__).with_name("chk_vectors.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    task.react(main)
