#!/usr/bin/env python3
"""Writes zfec.txt: what zfec makes of known input blocks, for many k and n.

Each line: k, n, block length, SHA-256 over parity blocks k to n-1 one after another.
Run with a Python that has zfec installed; the output does not depend on when or where.
"""

import hashlib
from pathlib import Path

import zfec

SHAPES = [(1, 1), (1, 2), (1, 3), (1, 255), (1, 256), (2, 2), (2, 3), (2, 256), (3, 3), (3, 4), (3, 10), (4, 5), (5, 9),
          (7, 23), (8, 12), (10, 16), (13, 47), (16, 31), (16, 32), (17, 19), (25, 100), (31, 63), (64, 65), (64, 128),
          (71, 256), (99, 101), (100, 200), (127, 255), (128, 256), (200, 256), (254, 255), (254, 256), (255, 255),
          (255, 256), (256, 256)]
LENGTHS = [1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 257, 1000]
LONG = [(3, 10, 349526), (1, 4, 20000), (7, 23, 17003), (3, 10, 16384), (3, 10, 16385)]


def block(number, length):
    """Bytes that the test makes the same way."""
    return bytes((number * 29 + i * 113 + (i >> 8) * 7 + 3) & 255 for i in range(length))


def line(k, n, length):
    blocks = [block(number, length) for number in range(k)]
    parity = zfec.Encoder(k, n).encode(blocks, list(range(k, n))) if n > k else []
    return f"{k} {n} {length} {hashlib.sha256(b''.join(parity)).hexdigest()}"


def main():
    lines = [line(k, n, LENGTHS[(i + j) % len(LENGTHS)]) for i, (k, n) in enumerate(SHAPES) for j in (0, 4, 9)]
    lines += [line(*each) for each in LONG]
    Path(__file__).with_name("zfec.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
