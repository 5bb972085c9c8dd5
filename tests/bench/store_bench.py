"""The benches of the bucket store: durable shares a second, and finding buckets in stores of up to five million."""

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import tarn_program

SIZES = (1000, 100_000, 1_000_000, 5_000_000)
SMALL = SIZES[0]
# A bucket takes a folder and a file, each a block; a second-level folder takes one for the first bucket in it.
BYTES_A_BUCKET, INODES_A_BUCKET, SECOND_LEVEL_FOLDERS = 8192 + 2 * 256, 2, 1024 * 1024
LEFT_FREE = 0.1


class StoreBench:
    def __init__(self, build, emit, table, rounds, resident_mib):
        self.build, self.emit, self.table, self.rounds, self.resident_mib = build, emit, table, rounds, resident_mib

    def run(self, program, *arguments):
        done = subprocess.run([str(self.build / "bench" / program), *map(str, arguments)], check=True,
                              capture_output=True)
        return json.loads(done.stdout)

    def durable(self):
        """Shares a second that survive a power cut, beside the same system calls made bare."""
        folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
        try:
            for size, count in ((1000, 200), (100_000, 100), (1_000_000, 40)):
                figures = self.run("bench_store", folder, self.rounds, count, size)
                rows = []
                for case in ("one new", "one old", "two new", "two old"):
                    bare = figures[f"{case} bare x1"]
                    for subject in ("bare x1", "store x1", "bare x8", "store x8"):
                        rates = figures[f"{case} {subject}"]
                        ratio = statistics.median(a / b for a, b in zip(rates, bare))
                        self.emit("store", f"{size} bytes, {case}", subject, statistics.median(rates), "shares/s")
                        self.emit("store", f"{size} bytes, {case}", subject, ratio, "x bare, one by one")
                        rows.append((f"{case:8}", f"{subject:9}", f"{statistics.median(rates):8.0f} a second",
                                     f"{ratio:5.2f}x"))
                self.table(f"store: durable shares of {size} bytes, against the bare file system one by one", rows)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def millions(self):
        """Finds buckets in a store as it grows, and in one of a thousand, in turn; then what the server holds at rest.

        TARN_BENCH_STORE names a folder for the stores, which are then kept and found again by a later run.
        """
        kept = os.environ.get("TARN_BENCH_STORE")
        folder = Path(kept or tempfile.mkdtemp(prefix="tarn-bench-"))
        try:
            small = folder / "small"
            self.grow(small, SMALL)
            rows = []
            for size in SIZES[1:]:
                size = min(size, self.fitting(folder, size))
                if not self.grow(folder / "big", size):
                    continue
                rows += self.find(small, folder / "big", size)
                rows += self.serve(small, folder / "big", size)
            self.table("store-millions: finding a bucket, warm, beside a store of a thousand", rows)
        finally:
            if not kept:
                shutil.rmtree(folder, ignore_errors=True)

    def grow(self, store, size):
        """Makes the store's buckets up to `size` and its index from nothing; false when it is larger already."""
        note = store.with_suffix(".size")
        there = int(note.read_text()) if note.exists() else 0
        if there > size:
            return False
        if there < size:
            made = self.run("bench_buckets", "make", store, there, size)
            note.write_text(str(size))
            self.emit("store-millions", f"{size} buckets", "made", made["made"] / made["seconds"], "buckets/s")
            index = self.run("bench_buckets", "index", store)
            self.emit("store-millions", f"{size} buckets", "index", index["seconds"], "s until it agrees, without rests")
            self.emit("store-millions", f"{size} buckets", "index", index["index_bytes"] / size, "bytes a bucket")
            self.emit("store-millions", f"{size} buckets", "index", index["highest_kb"] / 1024, "MiB at most meanwhile")
        return True

    def fitting(self, folder, size):
        """How many of `size` buckets the file system can hold, with some room left."""
        room = os.statvfs(folder)
        note = (folder / "big").with_suffix(".size")
        there = int(note.read_text()) if note.exists() else 0
        bytes_free = room.f_bavail * room.f_frsize * (1 - LEFT_FREE) - SECOND_LEVEL_FOLDERS * 4096
        inodes_free = room.f_favail * (1 - LEFT_FREE) - SECOND_LEVEL_FOLDERS
        return there + max(0, int(min(bytes_free / BYTES_A_BUCKET, inodes_free / INODES_A_BUCKET)))

    def find(self, small, big, size):
        figures = self.run("bench_buckets", "find", self.rounds, small, SMALL, big, size)
        rows = []
        for what in ("list", "list, none there", "open and read", "allocate and abort", "store"):
            times = [statistics.median(one[what]) for one in figures]
            ratio = statistics.median(b / a for a, b in zip(figures[0][what], figures[1][what]))
            self.emit("store-millions", f"{size} buckets", what, times[1], "us")
            self.emit("store-millions", f"{size} buckets", what, ratio, f"x of {SMALL} buckets")
            rows.append((f"{size:9} buckets", f"{what:20}", f"{times[1]:6.2f} us", f"{ratio:5.2f}x"))
        return rows

    def serve(self, small, big, size):
        """What a server of the store holds at rest, beside one of a thousand buckets."""
        rows = []
        for name, store in ((f"{SMALL}", small), (f"{size}", big)):
            figures = []
            for _ in range(3):
                server = tarn_program.StorageServer(store)
                time.sleep(2)
                figures.append(self.resident_mib(server.process.pid))
                server.terminate()
            self.emit("store-millions", f"{name} buckets", "server at rest", statistics.median(figures), "MiB")
            rows.append((f"{name:>9} buckets", "server at rest", f"{statistics.median(figures):6.1f} MiB"))
        return rows
