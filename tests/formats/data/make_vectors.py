#!/usr/bin/env python3
"""Writes the test data beside it, as Tahoe-LAFS 1.20 computes it.

Run it with a Python that has the `tahoe-lafs` package (1.20.0). Nothing is sent anywhere.

hash_trees.json    trees over 1 to 20 leaves, and which nodes prove each leaf
shares.json        every share of some small files, version 1 and version 2, and what the encoder says of each file
gbs_messages.json  CBOR bodies of the storage protocol in every form a peer may give them
headers.json       how the server reads Range and Content-Range
*.yaml             grid files
"""

import base64
import hashlib
import json
import pathlib

import cbor2
from allmydata import hashtree, uri
from allmydata.immutable import layout
from allmydata.immutable.encode import Encoder
from allmydata.immutable.upload import Data, EncryptAnUploadable
from allmydata.storage import http_client, http_server
from allmydata.util import base32, cbor, yamlutil
from attrs import asdict
from twisted.internet import defer, task
from werkzeug.http import parse_content_range_header, parse_range_header

HERE = pathlib.Path(__file__).parent


def save(name, value):
    HERE.joinpath(name).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def hash_trees():
    trees = []
    for count in range(1, 21):
        leaves = [hashlib.sha256(b"leaf %d of %d" % (i, count)).digest() for i in range(count)]
        tree = hashtree.HashTree(list(leaves))
        trees.append({
            "leaves": [leaf.hex() for leaf in leaves],
            "nodes": [node.hex() for node in tree],
            "needed": [sorted(tree.needed_hashes(i)) for i in range(count)],
            "needed_with_leaf": [sorted(tree.needed_hashes(i, include_leaf=True)) for i in range(count)],
        })
    save("hash_trees.json", trees)


class Recorder:
    """Stands for a remote bucket and keeps its bytes."""

    def __init__(self):
        self.data = bytearray()

    def callRemote(self, method, *args):
        if method == "write":
            offset, data = args
            assert offset == len(self.data)
            self.data += data
        return defer.succeed(None)


class Somewhere:
    def get_name(self):
        return "somewhere"


@defer.inlineCallbacks
def shares_of(length, k, n, segment_size, version):
    content = (b"Tarn " * (length // 5 + 1))[:length]
    uploadable = Data(content, convergence=b"convergence")
    uploadable.set_default_encoding_parameters({"k": k, "happy": 1, "n": n, "max_segment_size": segment_size})
    encoder = Encoder()
    yield encoder.set_encrypted_uploadable(EncryptAnUploadable(uploadable))
    layout.FORCE_V2 = version == 2
    recorders = [Recorder() for _ in range(n)]
    chain_length = len(hashtree.IncompleteHashTree(n).needed_hashes(0, include_leaf=True))
    writers = {
        i: layout.make_write_bucket_proxy(
            recorders[i], Somewhere(), encoder.get_param("share_size"), encoder.get_param("block_size"),
            encoder.get_param("num_segments"), chain_length, encoder.get_uri_extension_size())
        for i in range(n)
    }
    layout.FORCE_V2 = False
    encoder.set_shareholders(writers, {i: {b"somewhere"} for i in range(n)})
    verify_cap = yield encoder.start()
    for i in range(n):
        assert len(recorders[i].data) == writers[i].get_allocated_size()
    ueb = uri.pack_extension(encoder.uri_extension_data)
    return {
        "length": length, "k": k, "n": n, "max_segment_size": segment_size, "version": version,
        "num_segments": encoder.num_segments, "segment_size": encoder.segment_size,
        "block_size": encoder.get_param("block_size"), "share_data_size": encoder.get_param("share_size"),
        "offsets": writers[0]._offsets,
        "uri_extension_b64": base64.b64encode(ueb).decode(),
        "uri_extension_hash": verify_cap.uri_extension_hash.hex(),
        "crypttext_hash": encoder.uri_extension_data["crypttext_hash"].hex(),
        "crypttext_root_hash": encoder.uri_extension_data["crypttext_root_hash"].hex(),
        "share_root_hash": encoder.uri_extension_data["share_root_hash"].hex(),
        "shares_b64": [base64.b64encode(recorder.data).decode() for recorder in recorders],
    }


@defer.inlineCallbacks
def shares():
    files = []
    for version in (1, 2):
        for length, k, n, segment_size in (
            (56, 1, 1, 1048576), (56, 3, 10, 1048576), (100, 3, 5, 30), (101, 2, 3, 10), (96, 3, 4, 12), (333, 7, 9, 50),
        ):
            files.append((yield shares_of(length, k, n, segment_size, version)))
    save("shares.json", files)


class Indefinite:
    """Containers and strings of indefinite length, which cbor2 reads and does not write by itself."""

    @staticmethod
    def array(items):
        return b"\x9f" + b"".join(items) + b"\xff"

    @staticmethod
    def map(entries):
        return b"\xbf" + b"".join(key + value for key, value in entries) + b"\xff"

    @staticmethod
    def bytes(*chunks):
        return b"\x5f" + b"".join(cbor.dumps(chunk) for chunk in chunks) + b"\xff"

    @staticmethod
    def text(*chunks):
        return b"\x7f" + b"".join(cbor.dumps(chunk) for chunk in chunks) + b"\xff"


def gbs_messages():
    v1 = b"http://allmydata.org/tahoe/protocols/storage/v1"
    server, client = http_server._SCHEMAS, http_client._SCHEMAS
    messages = []

    def add(kind, name, body, schema=None, valid=True):
        """`valid` is what the schema of the original says of it, where it has one."""
        if schema is not None:
            try:
                schema.validate_cbor(body)
                accepted = True
            except Exception:
                accepted = False
            assert accepted == valid, (kind, name, accepted)
        messages.append({"kind": kind, "name": name, "hex": body.hex(), "valid": valid})

    def version(space):
        return {
            v1: {
                b"maximum-immutable-share-size": space,
                b"maximum-mutable-share-size": 69105 * 1000 ** 4,
                b"available-space": space,
            },
            b"application-version": b"tahoe-lafs/1.20.0",
        }

    add("version", "as the server writes it", cbor.dumps(version(123456789012)), client["get_version"])
    add("version", "the largest number", cbor.dumps(version(2 ** 64 - 1)), client["get_version"])
    add("version", "unknown space, one over the largest number", cbor.dumps(version(2 ** 64)))
    more = version(5)
    more[b"later"] = {b"a": [1, 2, {b"b": cbor2.CBORTag(258, [1])}]}
    more[v1][b"fills-holes-with-zero-bytes"] = True
    add("version", "with keys nobody knows", cbor.dumps(more))
    add("version", "canonical", cbor2.dumps(version(7), canonical=True), client["get_version"])
    add("version", "text keys", cbor.dumps({"application-version": b"x"}), client["get_version"], False)
    less = version(5)
    del less[v1][b"available-space"]
    add("version", "without the space", cbor.dumps(less), client["get_version"], False)

    allocate = server["allocate_buckets"]
    for name, numbers in (("ten", set(range(10))), ("none", set()), ("all", set(range(256))), ("one", {255})):
        body = cbor.dumps({"share-numbers": numbers, "allocated-size": 2 ** 40 + 1})
        add("allocate", name, body, allocate)
        reply = cbor.dumps({"already-have": numbers, "allocated": {0, 24}})
        add("allocated", name, reply, client["allocate_buckets"])
        add("shares", name, cbor.dumps(numbers), client["list_shares"])
    add("allocate", "keys the other way round", cbor.dumps({"allocated-size": 1, "share-numbers": {1}}), allocate)
    add("allocate", "canonical", cbor2.dumps({"share-numbers": {3, 1}, "allocated-size": 23}, canonical=True), allocate)
    tagged = b"\xd9\x01\x02" + Indefinite.array([cbor.dumps(i) for i in (3, 200)])
    add("allocate", "indefinite lengths", Indefinite.map([
        (cbor.dumps("share-numbers"), tagged), (Indefinite.text("allocated", "-size"), cbor.dumps(99)),
    ]), allocate)
    add("allocate", "numbers longer than they need be", bytes.fromhex("a2") + cbor.dumps("share-numbers")
        + bytes.fromhex("d90102811a00000005") + cbor.dumps("allocated-size") + bytes.fromhex("1b0000000000000007"), allocate)
    add("allocate", "list instead of set", cbor.dumps({"share-numbers": [1], "allocated-size": 1}), allocate, False)
    add("allocate", "negative size", cbor.dumps({"share-numbers": {1}, "allocated-size": -1}), allocate, False)
    add("allocate", "257 shares", cbor.dumps({"share-numbers": set(range(257)), "allocated-size": 1}), allocate, False)
    add("allocate", "text for a number", cbor.dumps({"share-numbers": {"1"}, "allocated-size": 1}), allocate, False)
    add("allocate", "no size", cbor.dumps({"share-numbers": {1}}), allocate, False)
    add("shares", "a set in a set", cbor.dumps({frozenset({1})}), valid=False)

    chunk = client["immutable_write_share_chunk"]
    add("write", "nothing missing", cbor.dumps({"required": []}), chunk)
    add("write", "two ranges", cbor.dumps({"required": [{"begin": 0, "end": 16}, {"begin": 100, "end": 2 ** 63}]}), chunk)
    add("write", "end first", cbor.dumps({"required": [{"end": 9, "begin": 2}]}), chunk)
    add("write", "no end", cbor.dumps({"required": [{"begin": 9}]}), chunk, False)

    advise = server["advise_corrupt_share"]
    add("advice", "plain", cbor.dumps({"reason": "hash mismatch"}), advise)
    add("advice", "beyond ASCII", cbor.dumps({"reason": "schl\u00fcssel \U0001f511"}), advise)
    add("advice", "the longest", cbor.dumps({"reason": "x" * 32765}), advise)
    add("advice", "in pieces", Indefinite.map([(cbor.dumps("reason"), Indefinite.text("in ", "", "pieces"))]), advise)
    add("advice", "one too long", cbor.dumps({"reason": "x" * 32766}), advise, False)
    add("advice", "empty", cbor.dumps({"reason": ""}), advise, False)
    add("advice", "bytes", cbor.dumps({"reason": b"x"}), valid=False)
    slots(add)
    save("gbs_messages.json", messages)


def slots(add):
    """Requests and replies of mutable slots; the client's own classes make what it would send."""
    request = http_server._SCHEMAS["mutable_read_test_write"]
    reply = http_client._SCHEMAS["mutable_read_test_write"]

    def message(changes, reads):
        return {
            "test-write-vectors": {number: vectors.asdict() for number, vectors in changes.items()},
            "read-vector": [asdict(read) for read in reads],
        }

    tests = [http_client.TestVector(offset=0, size=41, specimen=b""), http_client.TestVector(offset=7, size=3, specimen=b"abc")]
    writes = [http_client.WriteVector(offset=0, data=b"\0" * 300), http_client.WriteVector(offset=2 ** 40, data=b"")]
    reads = [http_client.ReadVector(offset=0, size=41), http_client.ReadVector(offset=2 ** 63, size=2 ** 64 - 1)]
    change = http_client.TestWriteVectors
    for name, changes, wanted in (
        ("nothing", {}, []),
        ("reads alone", {}, reads),
        ("a first write", {3: change(tests[:1], writes[:1], None)}, reads[:1]),
        ("several shares", {0: change(tests, writes, 300), 255: change([], [], 0), 7: change([], writes, None)}, reads),
        ("all shares", {number: change([], [], 0) for number in range(256)}, []),
        ("thirty tests and reads", {1: change(tests[:1] * 30, [], None)}, reads[:1] * 30),
    ):
        add("slot", name, cbor.dumps(message(changes, wanted)), request)
    vectors = change(tests, writes, None).asdict()
    add("slot", "canonical", cbor2.dumps(message({1: change(tests, writes, 5)}, reads), canonical=True), request)
    piece = cbor.dumps("offset") + cbor.dumps(5)
    add("slot", "in pieces", Indefinite.map([
        (cbor.dumps("read-vector"), Indefinite.array([])),
        (cbor.dumps("test-write-vectors"), Indefinite.map([(cbor.dumps(9), Indefinite.map([
            (cbor.dumps("new-length"), cbor.dumps(None)),
            (cbor.dumps("write"), Indefinite.array([Indefinite.map([
                (cbor.dumps("data"), Indefinite.bytes(b"abc", b"", b"def")), (piece[:7], piece[7:])])])),
            (cbor.dumps("test"), Indefinite.array([])),
        ]))])),
    ]), request)
    for name, changed in (
        ("31 tests", {"test": vectors["test"] * 16}), ("text as data", {"write": [{"offset": 0, "data": "abc"}]}),
        ("a negative offset", {"write": [{"offset": -1, "data": b"abc"}]}), ("a negative length", {"new-length": -1}),
        ("a write without data", {"write": [{"offset": 1}]}), ("a test without size", {"test": [{"offset": 1, "specimen": b""}]}),
        ("a read as a test", {"test": [{"offset": 1, "size": 1}]}), ("a fraction as length", {"new-length": 1.5}),
    ):
        add("slot", name, cbor.dumps({"test-write-vectors": {1: {**vectors, **changed}}, "read-vector": []}), request, False)
    for missing in ("test", "write", "new-length"):
        less = {key: value for key, value in vectors.items() if key != missing}
        add("slot", "without " + missing, cbor.dumps({"test-write-vectors": {1: less}, "read-vector": []}), request, False)
    add("slot", "31 reads", cbor.dumps(message({}, reads[:1] * 31)), request, False)
    add("slot", "257 shares", cbor.dumps(message({number: change() for number in range(257)}, [])), request, False)
    add("slot", "text for a share", cbor.dumps({"test-write-vectors": {"1": vectors}, "read-vector": []}), valid=False)
    add("slot", "no reads", cbor.dumps({"test-write-vectors": {}}), request, False)
    add("slot", "share 256", cbor.dumps(message({256: change()}, [])), valid=False)
    twice = cbor.dumps(message({1: change()}, []))
    entry = twice[twice.index(b"\xa1\x01") + 1:twice.index(b"kread-vector")]
    add("slot", "a share twice", twice.replace(b"\xa1" + entry, b"\xa2" + entry * 2), valid=False)

    for name, success, data in (
        ("nothing there", True, {}), ("tests failed", False, {0: [b"x" * 41], 9: [b""]}),
        ("two reads of three shares", True, {1: [b"a", b"b" * 70000], 2: [b"", b""], 255: [b"c", b""]}),
    ):
        add("slotted", name, cbor.dumps({"success": success, "data": data}), reply)
    add("slotted", "without data", cbor.dumps({"success": True}), reply, False)
    add("slotted", "a number for success", cbor.dumps({"success": 1, "data": {}}), reply, False)
    add("slotted", "text as data", cbor.dumps({"success": True, "data": {1: ["x"]}}), reply, False)


def headers():
    """What the original's server makes of each value; null where it answers 416."""
    ranges = {}
    for value in (
        "bytes=0-0", "bytes=0-9", "bytes=100-18446744073709551614", "bytes = 1 - 2", "BYTES=5-6", "bytes=9-5", "bytes=5-",
        "bytes=-5", "bytes=0-1,3-4", "items=0-9", "bytes 0-9", "bytes=a-b", "bytes=0-9x", "", "bytes=", "bytes=+1-2",
        "bytes=1--2", "0-9",
    ):
        parsed = parse_range_header(value)
        usable = (parsed is not None and parsed.units == "bytes" and len(parsed.ranges) == 1
                  and parsed.ranges[0][1] is not None)
        ranges[value] = [str(end) for end in parsed.ranges[0]] if usable else None
    contents = {}
    for value in (
        "bytes 0-0/*", "bytes 0-9/10", "bytes 5-9/100", " bytes 5-9/100 ", "bytes 9-5/*", "bytes 0-9", "bytes */*", "items 0-9/*",
        "bytes 0-x/*", "bytes 0-9/x", "", "bytes", "bytes 10-19/5",
    ):
        parsed = parse_content_range_header(value)
        usable = parsed is not None and parsed.units == "bytes" and parsed.stop is not None
        contents[value] = [str(parsed.start), str(parsed.stop)] if usable else None
    save("headers.json", {"range": ranges, "content_range": contents})


TUB = base32.b2a(bytes(range(20))).decode()
SPKI = base64.urlsafe_b64encode(hashlib.sha256(b"key").digest()).decode().rstrip("=")
KEY_ID = "v0-" + base32.b2a(hashlib.sha256(b"server").digest()).decode()
OTHER_KEY_ID = "v0-" + base32.b2a(hashlib.sha256(b"other server").digest()).decode()


def announcement(nickname, **more):
    return {
        "anonymous-storage-FURL": f"pb://{TUB}@tcp:192.0.2.1:3456,tcp:[2001:db8::1]:3456/swissnum",
        "anonymous-storage-NURLs": [f"pb://{SPKI}@192.0.2.1:3456/swissnum#v=1"],
        "app-versions": {},
        "grid-manager-certificates": [],
        "my-version": "tahoe-lafs/1.20.0",
        "nickname": nickname,
        "nonce": "abcdefghijklmnop",
        "oldest-supported": "tahoe-lafs/0.1",
        "seqnum": 4,
        "service-name": "storage",
        **more,
    }


def grids():
    """A cache as the introducer's client saves it, and a file of static servers."""
    seed = base32.b2a(b"another seed").decode()
    cache = [
        {"key_s": KEY_ID, "ann": announcement("caf\u00e9 \U0001f3d4 \u0431\u043e\u0447\u043a\u0430")},
        {"key_s": OTHER_KEY_ID, "ann": announcement("seeded", **{"permutation-seed-base32": seed})},
    ]
    HERE.joinpath("introducer_default_cache.yaml").write_text(yamlutil.safe_dump(cache))
    old = announcement("from before HTTPS")
    del old["anonymous-storage-NURLs"]
    servers = {"storage": {
        KEY_ID: {"ann": announcement("one"), "connections": {"tcp": "tcp"}},
        "my-server": {"ann": announcement("two")},
        "old-server": {"ann": old},
    }}
    HERE.joinpath("servers.yaml").write_text(yamlutil.safe_dump(servers))


@defer.inlineCallbacks
def main(reactor):
    hash_trees()
    gbs_messages()
    headers()
    grids()
    yield shares()


if __name__ == "__main__":
    task.react(main)
