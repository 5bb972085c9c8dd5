"""A real Tahoe-LAFS node's identity and shares, immutable and mutable, taken over by `tarn serve --import`: the real
client reads them all from Tarn afterwards, clients that knew the node go on as if nothing had happened, and the node's
folder is what it was.

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


def tubid(node):
    """The node's name in its own fURL."""
    return (node / "private/storage.furl").read_text().split("@")[0].removeprefix("pb://")


def lease_counts(store):
    """Of every immutable share: a big-endian number at 8."""
    return {key: int.from_bytes(path.read_bytes()[8:12], "big")
            for key, path in tahoe_grid.share_files(store / "shares").items()
            if not path.read_bytes().startswith(b"Tahoe mutable")}


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

        self.assertIn(f"{tubid(node.folder)}@", server.announcement.read_text())

        reader = tahoe_grid.create_client(self.folder / "reader", REQUIRED, HAPPY, TOTAL,
                                          servers_yaml=server.announcement.read_text())
        self.addCleanup(reader.kill)
        reader.start()
        reader.wait_ready(1)
        for cap, data in stored.items():
            self.assertEqual(request(reader, "GET", "/uri/" + quote(cap, safe="")), data)

    def test_clients_that_knew_the_node_go_on(self):
        grid = tahoe_grid.Grid(self.folder, 1)
        self.addCleanup(grid.close)
        writer = grid.create_client("writer", REQUIRED, HAPPY, TOTAL)
        writer.start()
        writer.wait_ready(1)
        kept = request(writer, "PUT", "/uri", b"k" * 1000).decode().strip()
        slots = [request(writer, "PUT", f"/uri?format={kind}", b"old" * 100).decode().strip()
                 for kind in ("sdmf", "mdmf")]
        folder = request(writer, "POST", "/uri?t=mkdir").decode().strip()
        node = grid.servers[0]
        node.kill()
        before = contents(node.folder)
        store = self.folder / "store"
        server = tarn_program.StorageServer(store, "--import", node.folder)
        self.addCleanup(server.kill)
        after = contents(node.folder)
        for name in before:
            if not name.parts[:2] == ("storage", "shares"):
                self.assertEqual(after[name], before[name])
        # A client that ran all the while, and one that begins now and hears of the node from the introducer. Both have
        # the node's announcement and no other.
        late = grid.create_client("late", REQUIRED, HAPPY, TOTAL)
        late.start()
        for client in (writer, late):
            client.wait_ready(1)
            self.assertEqual(request(client, "GET", "/uri/" + quote(kept, safe="")), b"k" * 1000)
            for number, cap in enumerate(slots):
                path = "/uri/" + quote(cap, safe="")
                new = client.folder.name.encode() * (100 + number)
                self.assertIn(request(client, "GET", path)[:3], (b"old", b"wri"))
                request(client, "PUT", path, new)  # its write enabler is the one that the node kept
                self.assertEqual(request(client, "GET", path), new)
            request(client, "PUT", f"/uri/{quote(folder, safe='')}/{client.folder.name}", b"c" * 500)
            request(client, "PUT", "/uri", client.folder.name.encode() * 300)
        # The one who took the leases renews them: no share has one more.
        leases = lease_counts(store)
        request(writer, "POST", f"/uri/{quote(kept, safe='')}?t=check&add-lease=true", b"")
        self.assertEqual(lease_counts(store), leases)

    def test_an_identity_is_not_lost_to_an_import(self):
        grid = tahoe_grid.Grid(self.folder, 1)
        node = grid.servers[0]
        writer = grid.create_client("writer", REQUIRED, HAPPY, TOTAL)
        writer.start()
        writer.wait_ready(1)
        request(writer, "PUT", "/uri", b"x" * 1000)
        grid.close()
        store = self.folder / "store"
        server = tarn_program.StorageServer(store)
        own = server.announcement.read_text()
        server.terminate()
        identity = contents(store / "identity")

        def fails(*options):
            done = subprocess.run([tarn_program.TARN, "serve", "--dir", str(store), *options], capture_output=True,
                                  timeout=60)
            self.assertNotEqual(done.returncode, 0)
            return done.stderr

        self.assertIn(b"--keep-identity", fails("--import", str(node.folder)))
        self.assertEqual(contents(store / "identity"), identity)
        self.assertEqual(tahoe_grid.share_files(store / "shares"), {})
        self.assertIn(b"--import", fails("--replace-identity"))

        server = tarn_program.StorageServer(store, "--import", node.folder, "--keep-identity")
        self.assertEqual(server.announcement.read_text(), own)
        self.assertEqual(len(tahoe_grid.share_files(store / "shares")), TOTAL)
        server.terminate()
        for _ in range(2):  # the second time it is the node already
            server = tarn_program.StorageServer(store, "--import", node.folder, "--replace-identity")
            self.assertIn(f"{tubid(node.folder)}@", server.announcement.read_text())
            server.terminate()
            self.assertEqual(contents(store / "identity.replaced-1"), identity)
            self.assertFalse((store / "identity.replaced-2").exists())
        for path in [store / "identity", *(store / "identity").iterdir()]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path.name)

        # A node whose secrets are not whole takes nothing.
        (node.folder / "private/node.privkey").write_text("priv-v0-rubbish")
        fresh = self.folder / "fresh"
        done = subprocess.run([tarn_program.TARN, "serve", "--dir", str(fresh), "--import", str(node.folder)],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"private/node.privkey", done.stderr)
        self.assertFalse((fresh / "identity").exists())


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    unittest.main(verbosity=2)
