"""Runs the real `tarn` for the interoperation tests: its commands, and `tarn serve` as a process."""

import json
import os
import selectors
import subprocess
import time
from pathlib import Path

TARN = os.environ["TARN_PROGRAM"]
START_LIMIT = 60  # seconds


class TarnFailed(AssertionError):
    def __init__(self, verb, done):
        super().__init__(f"tarn {verb} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
        self.code = done.returncode
        self.message = done.stderr.decode(errors="replace")


class Profile:
    """A Tarn profile in a folder of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def tarn(self, *arguments, data=None):
        done = subprocess.run([TARN, "--profile", str(self.folder), *map(str, arguments)], input=data,
                              capture_output=True, timeout=600)
        if done.returncode != 0:
            raise TarnFailed(arguments[0], done)
        return done.stdout

    def init(self, *grids, required, happy, total, segment_size=None):
        sources = [word for grid in grids for word in ("--grid", str(grid))]
        size = ["--segment-size", str(segment_size)] if segment_size else []
        self.tarn("init", *sources, "--required", required, "--happy", happy, "--total", total, *size)

    def put(self, path):
        return self.tarn("put", path).decode().strip()

    def put_json(self, path):
        return json.loads(subprocess.run([TARN, "--profile", str(self.folder), "--json", "put", str(path)],
                                         capture_output=True, timeout=600, check=True).stdout)

    def get(self, cap):
        return self.tarn("get", "-", data=cap.encode())


class StorageServer:
    """`tarn serve` on a free loopback port."""

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        self.options = [str(option) for option in options]
        self.start()

    def start(self):
        self.process = subprocess.Popen([TARN, "serve", "--dir", str(self.folder), "--listen", "127.0.0.1:0",
                                         *self.options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(START_LIMIT):
                raise AssertionError("tarn serve printed no NURL")
        self.nurl = self.process.stdout.readline().decode().strip()
        if not self.nurl.startswith("pb://"):
            raise AssertionError("tarn serve printed no NURL")
        end = time.monotonic() + START_LIMIT
        while not self.announcement.exists():
            if time.monotonic() > end:
                raise AssertionError("tarn serve wrote no announcement")
            time.sleep(0.05)

    @property
    def announcement(self):
        return self.folder / "announcement.yaml"

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def terminate(self):
        """Ends it as a service manager does, and waits for the end."""
        self.process.terminate()
        self.process.wait(START_LIMIT)
        self.process.stdout.close()
        self.process = None
