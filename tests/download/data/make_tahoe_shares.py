#!/usr/bin/env python3
"""Makes the shares in this folder with the real Tahoe-LAFS encoder (tahoe-lafs 1.20.0); no grid is needed.

Usage, in an environment that has tahoe-lafs: make_tahoe_shares.py FOLDER
Writes <name>.cap (the read capability) and <name>.<share number> for every share. The plaintext is `plaintext` below.
"""

import sys
from pathlib import Path

from allmydata import hashtree, uri
from allmydata.immutable import encode, layout, upload
from twisted.internet import defer, task

# name: k, n, maximum segment size, file size, layout version 2
FILES = {
    "several-segments": (3, 5, 128, 1000, False),
    "full-tail": (3, 5, 126, 1008, False),
    "one-segment": (3, 10, 131072, 100, False),
    "one-share": (1, 1, 64, 200, False),
    "version-2": (2, 3, 100, 555, True),
}


def plaintext(size):
    return bytes((i * i + 7 * i + 3) % 251 for i in range(size))


class KeptWrites:
    """Stands in for the remote half of a bucket writer."""

    def __init__(self):
        self.data = bytearray()

    def callRemote(self, method, *args):
        if method == "write":
            offset, data = args
            self.data[offset:offset + len(data)] = data
        return defer.succeed(None)


class NamelessServer:
    def get_name(self):
        return b"none"

    def get_serverid(self):
        return b"none"


def writers_for(encoder, kept, version2):
    n = len(kept)
    layout.FORCE_V2 = version2
    hashes = len(hashtree.IncompleteHashTree(n).needed_hashes(0, include_leaf=True))
    writers = {
        number: layout.make_write_bucket_proxy(
            kept[number], NamelessServer(), encoder.get_param("share_size"), encoder.get_param("block_size"),
            encoder.get_param("num_segments"), hashes, encoder.get_uri_extension_size())
        for number in kept
    }
    layout.FORCE_V2 = False
    return writers


@defer.inlineCallbacks
def encode_file(k, n, segment_size, size, version2):
    source = upload.Data(plaintext(size), convergence=b"tarn test shares")
    source.set_default_encoding_parameters({"k": k, "happy": 1, "n": n, "max_segment_size": segment_size})
    encoder = encode.Encoder()
    yield encoder.set_encrypted_uploadable(upload.EncryptAnUploadable(source))
    kept = {number: KeptWrites() for number in range(n)}
    encoder.set_shareholders(writers_for(encoder, kept, version2), {number: {b"none"} for number in kept})
    verifier = yield encoder.start()
    key = yield source.get_encryption_key()
    return uri.CHKFileURI(key, verifier.uri_extension_hash, k, n, size), kept


@defer.inlineCallbacks
def main(reactor, folder):
    for name, parameters in FILES.items():
        capability, kept = yield encode_file(*parameters)
        (folder / f"{name}.cap").write_bytes(capability.to_string())
        for number, writes in kept.items():
            (folder / f"{name}.{number}").write_bytes(bytes(writes.data))


task.react(main, [Path(sys.argv[1])])
