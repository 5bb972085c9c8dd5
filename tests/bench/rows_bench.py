"""The bench of a long queue: how long the desktop's events take with it, what it holds in memory, and the command line."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROWS = int(os.environ.get("TARN_BENCH_ROWS", "100000"))
UPLOAD_SECONDS = 10


class Watched:
    """A program as it runs, with its highest resident set: asked of the kernel now and then, since what its parent would
    be told of it counts the parent as well."""

    def __init__(self, command, resident_mib):
        self.start = time.perf_counter()
        self.peak = 0.0
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, args=(resident_mib,))
        self.thread.start()

    def look(self, resident_mib):
        program = os.readlink("/proc/self/exe")
        while not self.over.wait(0.002):
            try:
                if os.readlink(f"/proc/{self.process.pid}/exe") != program:  # not the copy of ours that it began as
                    self.peak = max(self.peak, resident_mib(self.process.pid, "VmHWM"))
            except OSError:
                return

    def seconds(self):
        return time.perf_counter() - self.start

    def end(self):
        self.process.stdout.read()
        code = self.process.wait()
        seconds = self.seconds()
        self.over.set()
        self.thread.join()
        if code != 0:
            raise AssertionError(f"it ended with {code}")
        return seconds


class RowsBench:
    def __init__(self, build, emit, table, resident_mib):
        self.build, self.emit, self.table, self.resident_mib = build, emit, table, resident_mib

    def run(self):
        folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
        try:
            files = folder / "files"
            files.mkdir()
            for number in range(ROWS):
                (files / f"file {number:06}.txt").write_bytes(f"{number:09}\n".encode() * 100)
            self.desktop(folder, files)
            self.command_line(folder, files)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def desktop(self, folder, files):
        program, profile = str(self.build / "bench/bench_rows"), str(folder / "desktop")
        lines = []
        for arguments in ([str(files), str(ROWS), str(UPLOAD_SECONDS)], []):
            done = subprocess.run([program, profile, *arguments], check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, timeout=1800,
                                  env=dict(os.environ, QT_QPA_PLATFORM="offscreen"))
            lines += [json.loads(line) for line in done.stdout.splitlines()]
        rows, memory, empty = [], [], None
        for line in lines:
            if "memory" in line:
                empty = line if empty is None else empty
                memory.append((f"{line['memory']:16}", f"{line['resident']:6.1f} MiB",
                               f"{line['resident'] - empty['resident']:+6.1f}",
                               f"anonymous {line['anonymous']:5.1f} {line['anonymous'] - empty['anonymous']:+6.1f}",
                               f"highest so far {line['peak']:6.1f}"))
                for what in ("resident", "anonymous"):
                    self.emit("rows", f"{what}, {line['memory']}", "desktop", line[what], "MiB")
                continue
            for thread in ("gui", "engine"):
                figures = line[thread]
                for key, unit in (("max", "ms"), ("max_cpu", "ms CPU"), ("almost_all", "ms, 99.9 %"),
                                  ("almost_all_cpu", "ms CPU, 99.9 %"), ("long", "above 16 ms"),
                                  ("long_cpu", "above 16 ms CPU"), ("events", "events")):
                    self.emit("rows", f"{line['what']}, {thread} event", "desktop", figures[key], unit)
            gui, engine = line["gui"], line["engine"]
            rows.append((f"{line['what']:18}", f"{gui['events']:6} events",
                         f"longest {gui['max']:5.1f} ms, CPU {gui['max_cpu']:5.1f}",
                         f"99.9 % {gui['almost_all']:5.1f}, CPU {gui['almost_all_cpu']:5.1f}",
                         f"above 16 ms: {gui['long']}, CPU {gui['long_cpu']}",
                         f"engine's longest {engine['max']:5.1f}, CPU {engine['max_cpu']:4.1f}"))
            rows += [("", slow) for slow in gui["slowest"][:2]]
            if line["what"] == "add":
                self.emit("rows", "add", "desktop", line["seconds"], "s")
                rows.append(("", f"{ROWS} files in {line['seconds']:.2f} s"))
            if "files_a_second" in line:
                self.emit("rows", "uploads", "desktop", line["files_a_second"], "files/s")
                rows.append(("", f"{line['files_a_second']:.0f} files a second meanwhile"))
        self.table(f"rows: events of the desktop's threads with {ROWS} transfers", rows)
        self.table("rows: the desktop's memory", memory)

    def command_line(self, folder, files):
        tarn = [str(self.build / "bin/tarn"), "--profile", str(folder / "profile")]
        subprocess.run([*tarn, "init", "--home"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = []

        def figure(what, value, unit):
            self.emit("rows", what, "tarn", value, unit)
            rows.append((f"{what:28}", f"{value:8.2f} {unit}"))

        rest = Watched([*tarn, "queue", "list"], self.resident_mib)
        rest.end()
        figure("queue list, empty: highest", rest.peak, "MiB")
        add = Watched([*tarn, "queue", "add", str(files)], self.resident_mib)
        figure("queue add", add.end(), "s")
        figure("queue add, highest", add.peak, "MiB")
        listing = Watched([*tarn, "queue", "list"], self.resident_mib)
        listing.process.stdout.readline()
        listing.process.stdout.readline()  # the first was the head
        figure("queue list, first row", listing.seconds() * 1000, "ms")
        figure("queue list", listing.end(), "s")
        figure("queue list, highest", listing.peak, "MiB")
        self.table(f"rows: the command line with {ROWS} files", rows)
