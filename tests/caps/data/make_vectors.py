#!/usr/bin/env python3
"""Writes capabilities.json: every kind of capability as Tahoe-LAFS prints, weakens and locates it.

Run with a Python that has tahoe-lafs installed; the output does not depend on when or where.
"""

import hashlib
import json
from pathlib import Path

from allmydata import uri
from allmydata.util import base32


def seeded(name, size):
    return hashlib.shake_128(name.encode()).digest(size)


def text(cap):
    return cap.to_string().decode("ascii") if cap is not None else None


def row(kind, cap, given=None):
    is_verifier = "Verifier" in kind
    index = cap.get_storage_index()
    return {
        "kind": kind,
        "text": given or text(cap),
        "printed": text(cap),
        # A verifier cannot read: Tahoe-LAFS hands it back as its own read-only form, Tarn has none.
        "readOnly": None if is_verifier else text(cap.get_readonly()),
        # Likewise a verifier is its own verifier; asked for a directory's, Tahoe-LAFS makes one it cannot print.
        "verifier": text(cap if is_verifier else cap.get_verify_cap()),
        "storageIndex": base32.b2a(index).decode("ascii") if index is not None else None,
    }


def immutable(name, k, n, size):
    cap = uri.CHKFileURI(seeded(name + " key", 16), seeded(name + " ueb", 32), k, n, size)
    yield "CHK", cap
    yield "CHK-Verifier", cap.get_verify_cap()
    yield "DIR2-CHK", uri.ImmutableDirectoryURI(cap)
    yield "DIR2-CHK-Verifier", uri.ImmutableDirectoryURI(cap).get_verify_cap()


def literal(data):
    yield "LIT", uri.LiteralFileURI(data)
    yield "DIR2-LIT", uri.LiteralDirectoryURI(uri.LiteralFileURI(data))


def mutable(name):
    for short, file_class, directory_class in (("SSK", uri.WriteableSSKFileURI, uri.DirectoryURI),
                                               ("MDMF", uri.WriteableMDMFFileURI, uri.MDMFDirectoryURI)):
        cap = file_class(seeded(name + short, 16), seeded(name + short + " fingerprint", 32))
        yield short, cap
        yield short + "-RO", cap.get_readonly()
        yield short + "-Verifier", cap.get_verify_cap()
        directory = directory_class(cap)
        base = "DIR2" if short == "SSK" else "DIR2-MDMF"
        yield base, directory
        yield base + "-RO", directory.get_readonly()
        yield base + "-Verifier", directory.get_verify_cap()


def spellings():
    """What Tahoe-LAFS takes though it would print it otherwise."""
    (_, chk), (_, verifier), (_, folder), (_, folder_verifier) = immutable("spelling", 3, 10, 1000)
    yield "CHK", text(chk).replace(":3:10:1000", ":003:010:0001000")
    yield "CHK-Verifier", text(verifier) + ":more"
    yield "CHK-Verifier", text(verifier) + "x"
    yield "DIR2-CHK-Verifier", text(folder_verifier) + ":more"
    for kind, cap in mutable("spelling"):
        if "MDMF" in kind:
            yield kind, text(cap) + ":3:131073"
            yield kind, text(cap) + ":"


def refused():
    """Damaged capabilities of known kinds, which Tahoe-LAFS does not take."""
    (_, chk), *_ = immutable("refused", 3, 10, 1000)
    good = text(chk)
    yield from (good[:-4] + "-1", good[:-4] + "+1", good[:-4], good[:-5], good + "x", good + ":1", good.upper())
    yield good.replace(":3:10:", ":3::")
    yield good.replace(":3:10:", ": 3:10:")
    yield good.replace("URI:CHK:", "URI:CHK:a")
    key = good.split(":")[2]
    yield good.replace(key, key[:-1] + "b")      # spare bits that are not zero
    yield good.replace(key, key[:-1] + "1")      # not a base32 character
    yield good.replace(key, key[:-1])
    yield from ("URI:LIT:a", "URI:LIT:ab", "URI:LIT:nbswy3dp=", "URI:LIT:NBSWY3DP", "URI:LIT:nbs wy3dp")
    yield from ("URI:CHK:", "URI:DIR2:", "URI:SSK:", "URI:MDMF::", "URI:DIR2-CHK:::::", "URI:DIR2-LIT:a")
    for kind, cap in mutable("refused"):
        yield text(cap)[:-1]
        if "MDMF" in kind:
            yield text(cap) + "a"
        else:
            yield text(cap) + ":"
            yield text(cap) + ":3:131073"


def main():
    rows = []
    for k, n, size in ((1, 1, 56), (3, 10, 28733), (25, 100, 1 << 20), (255, 256, (1 << 63) - 1), (256, 256, 0),
                       (1, 256, (1 << 64) - 1)):
        rows += [row(kind, cap) for kind, cap in immutable(f"{k} of {n}", k, n, size)]
    for size in (0, 1, 2, 3, 4, 5, 54, 55, 56, 300):
        rows += [row(kind, cap) for kind, cap in literal(seeded("literal", size))]
    for name in ("one", "two", "three"):
        rows += [row(kind, cap) for kind, cap in mutable(name)]
    for each in rows:
        assert text(uri.from_string(each["text"])) == each["text"]
    for kind, given in spellings():
        cap = uri.from_string(given)
        assert not isinstance(cap, uri.UnknownURI), given
        rows.append(row(kind, cap, given))
    bad = list(refused())
    for each in bad:
        assert isinstance(uri.from_string(each), uri.UnknownURI), each
    unknown = ["lafs://from_the_future", "lafs://from_the_future_\u263a", "x-tahoe-crazy://I_am_from_the_future.",
               "URI:CHK2:some:thing", "URI:DIR:pb://xxx@host:1/vdrive:key", "URI:DIR2-SSK:a:b", "URI:FUTURE-RO:",
               "ro.lafs://from_the_future", "imm.lafs://from_the_future", "ro.URI:FUTURE:x", "imm.URI:FUTURE:x"]
    for each in unknown:
        assert text_of_unknown(each) == each
    out = {"capabilities": rows, "refused": bad, "unknown": unknown}
    path = Path(__file__).with_name("capabilities.json")
    path.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def text_of_unknown(given):
    cap = uri.from_string(given)
    assert isinstance(cap, uri.UnknownURI)
    return cap.to_string().decode("utf-8")


if __name__ == "__main__":
    main()
