"""A real Tahoe-LAFS node's shares, immutable and mutable, taken over by `tarn serve --import`: the real client reads
them all from Tarn afterwards, and the node's folder is what it was.

Run with the Python of a virtual environment that holds tahoe-lafs; TARN_PROGRAM names the built `tarn`.
"""

import http.client
import os
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.parse import quote, urlparse

import tahoe_grid
import tarn_program

# One server holds every share of a file: 100 files are 1000 shares.
REQUIRED, HAPPY, TOTAL = 3, 1, 10
IMMUTABLE, MUTABLE = 100, 10


def request(node, method, path, body=None):
    address = urlparse((node.folder / "node.url").read_text().strip())
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=300)
    try:
        connection.request(method, path, body=body)
        reply = connection.getresponse()
        data = reply.read()
        if reply.status not in (200, 201):
            raise AssertionError(f"{method}: {reply.status} {data[:300]}")
        return data
    finally:
        connection.close()


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


class Import(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tarn-import-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def test_the_real_client_reads_all_that_was_taken_over(self):
        grid = tahoe_grid.Grid(self.folder, 1)
        self.addCleanup(grid.close)
        writer = grid.create_client("writer", REQUIRED, HAPPY, TOTAL)
        writer.start()
        writer.wait_ready(1)
        noise = random.Random(1)
        stored = {}
        for number in range(IMMUTABLE + MUTABLE):
            data = noise.randbytes(100 + number)
            kind = "" if number < IMMUTABLE else f"?format={'sdmf' if number % 2 else 'mdmf'}"
            stored[request(writer, "PUT", "/uri" + kind, data).decode().strip()] = data
        node = grid.servers[0]
        store = self.folder / "store"

        running = subprocess.run([tarn_program.TARN, "serve", "--dir", str(store), "--import", str(node.folder)],
                                 capture_output=True, timeout=60)
        self.assertEqual(running.returncode, 1)
        self.assertIn(b"running", running.stderr)

        grid.close()
        shares = tahoe_grid.share_files(node.folder / "storage/shares")
        self.assertEqual(len(shares), (IMMUTABLE + MUTABLE) * TOTAL)
        before = contents(node.folder / "storage/shares")
        server = tarn_program.StorageServer(store, "--import", node.folder)
        self.addCleanup(server.kill)
        self.assertEqual(contents(node.folder / "storage/shares"), before)
        taken = tahoe_grid.share_files(store / "shares")
        # Whole files: data and leases.
        self.assertEqual({key: path.read_bytes() for key, path in taken.items()},
                         {key: path.read_bytes() for key, path in shares.items()})

        reader = tahoe_grid.create_client(self.folder / "reader", REQUIRED, HAPPY, TOTAL,
                                          servers_yaml=server.announcement.read_text())
        self.addCleanup(reader.kill)
        reader.start()
        reader.wait_ready(1)
        for cap, data in stored.items():
            self.assertEqual(request(reader, "GET", "/uri/" + quote(cap, safe="")), data)


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    unittest.main(verbosity=2)
