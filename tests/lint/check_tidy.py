#!/usr/bin/env python3
"""Runs clang-tidy over every source file of ours that was not seen clean before.

A file that passed is not looked at again until it, a header of ours that it includes, or the rules change: what it
includes is taken from the build's own dependency log. Usage: check_tidy.py ROOT BUILD. Exits 1 when there is a finding.
"""

import concurrent.futures
import hashlib
import os
import subprocess
import sys
from pathlib import Path

TIDY = "clang-tidy-14"


def tracked(root, *patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=root, check=True, capture_output=True,
                          text=True).stdout.split("\n")[:-1]


def headers_by_source(root, build):
    """What each compiled source includes of the tree, by the dependency log that ninja keeps."""
    log = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], check=True, capture_output=True, text=True).stdout
    found = {}
    for block in log.split("\n\n"):
        paths = [(build / line.strip()).resolve() for line in block.split("\n")[1:] if line.startswith("    ")]
        ours = [path.relative_to(root) for path in paths if path.is_relative_to(root) and not path.is_relative_to(build)]
        if ours:
            found.setdefault(str(ours[0]), set()).update(map(str, ours[1:]))
    return found


def digest(root, paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(str(path).encode() + b"\0" + (root / path).read_bytes() + b"\0")
    return total.hexdigest()[:40]


def main():
    root, build = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    passed = build / "tidy"
    passed.mkdir(exist_ok=True)
    included = headers_by_source(root, build)
    all_headers = tracked(root, "*.h")

    def check(source):
        stamp = passed / digest(root, [".clang-tidy", source, *sorted(included.get(source, all_headers))])
        if stamp.exists():
            return True
        done = subprocess.run([TIDY, "-p", str(build), "--quiet", source], cwd=root, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True)
        print(done.stdout, end="", flush=True)
        if done.returncode == 0:
            stamp.touch()
        return done.returncode == 0

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return 0 if all(list(pool.map(check, tracked(root, "core/*.cpp", "ui/*.cpp", "app/*.cpp")))) else 1


if __name__ == "__main__":
    sys.exit(main())
