"""Tarn and the real Tahoe-LAFS on one machine: each writes, both read, and the capabilities are the same.

Run with the Python of a virtual environment that holds tahoe-lafs; TARN_PROGRAM names the built `tarn`.
"""

import os
import random
import shutil
import tempfile
import unittest
from pathlib import Path

import tahoe_grid
import tarn_program

REQUIRED, HAPPY, TOTAL, SERVERS = 3, 5, 10, 5
MEGABYTE = 1024 * 1024


def content(size, seed):
    return random.Random(seed).randbytes(size)


class WithFolder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="tarn-interop-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def file(self, data, name="file"):
        path = self.folder / name
        path.write_bytes(data)
        return path


class OnATahoeGrid(WithFolder):
    """Five real Tahoe-LAFS storage servers over GBS, a real client, and Tarn beside it with the same secret."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grid = tahoe_grid.Grid(cls.folder, SERVERS)
        cls.addClassCleanup(cls.grid.close)
        cls.client = cls.grid.create_client("client", REQUIRED, HAPPY, TOTAL)
        cls.client.start()
        cls.client.wait_ready(SERVERS)
        # The node's folder names the grid and holds the convergence secret, so both give the same capabilities.
        cls.profile = tarn_program.Profile(cls.folder / "profile")
        cls.profile.init(cls.client.folder, required=REQUIRED, happy=HAPPY, total=TOTAL)

    def shares(self):
        """Every share on the grid: (server, (storage index, share number))."""
        return {(server.folder.name, key) for server in self.grid.servers
                for key in tahoe_grid.share_files(server.folder / "storage")}

    def test_tahoe_reads_what_tarn_wrote(self):
        for size in (0, 55, 56, 1000, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 5 * MEGABYTE + 3):
            with self.subTest(size=size):
                data = content(size, size)
                cap = self.profile.put(self.file(data))
                self.assertEqual(self.client.get(cap), data)

    def test_tarn_reads_what_tahoe_wrote(self):
        for size in (0, 55, 56, 1001, MEGABYTE + 1, 5 * MEGABYTE + 5):
            with self.subTest(size=size):
                data = content(size, -size - 1)
                cap = self.client.put(self.file(data))
                self.assertEqual(self.profile.get(cap), data)

    def test_both_give_one_capability_and_tarn_finds_the_shares_that_tahoe_stored(self):
        path = self.file(content(300_000, "tahoe first"))
        cap = self.client.put(path)
        before = self.shares()
        self.assertEqual(self.profile.put(path), cap)
        self.assertEqual(self.shares(), before)

    def test_both_give_one_capability_and_tahoe_finds_the_shares_that_tarn_stored(self):
        # Tahoe-LAFS 1.20 adds a few copies even to a file that it has just stored itself; that many are its own doing.
        own = self.file(content(300_000, "tahoe twice"))
        self.client.put(own)
        before = self.shares()
        self.client.put(own)
        added_to_its_own = len(self.shares() - before)
        self.assertLess(added_to_its_own, TOTAL)

        path = self.file(content(300_000, "tarn first"))
        cap = self.profile.put(path)
        before = self.shares()
        self.assertEqual(self.client.put(path), cap)
        self.assertLessEqual(len(self.shares() - before), added_to_its_own)
        self.assertLessEqual(before, self.shares())

    def test_the_real_checker_calls_tarns_file_healthy(self):
        cap = self.profile.put(self.file(content(200_000, "healthy")))
        report = self.client.tahoe("check", "--verify", cap).decode()
        self.assertIn("Healthy", report)

    def test_a_range_of_a_file_that_tahoe_wrote(self):
        data = content(3 * MEGABYTE, "range")
        cap = self.client.put(self.file(data))
        begin, end = MEGABYTE - 10, 2 * MEGABYTE + 10
        got = self.profile.tarn("get", "-", "--range", f"{begin}-{end}", data=cap.encode())
        self.assertEqual(got, data[begin:end + 1])


class OnATarnServer(WithFolder):
    """The real Tahoe-LAFS client pointed at `tarn serve` by the announcement that it wrote."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = tarn_program.StorageServer(cls.folder / "store")
        cls.addClassCleanup(cls.server.kill)
        cls.client = tahoe_grid.create_client(cls.folder / "client", 1, 1, 1,
                                              servers_yaml=cls.server.announcement.read_text())
        cls.addClassCleanup(cls.client.kill)
        cls.client.start()
        cls.client.wait_ready(1)
        cls.profile = tarn_program.Profile(cls.folder / "profile")
        cls.profile.init(cls.server.announcement, required=1, happy=1, total=1)

    def test_tahoe_puts_and_gets_and_tarn_reads(self):
        for size in (1000, MEGABYTE, 100 * MEGABYTE):
            with self.subTest(size=size):
                data = content(size, f"tarn server {size}")
                cap = self.client.put(self.file(data))
                self.assertEqual(self.client.get(cap), data)
                self.assertEqual(self.profile.get(cap), data)


class WithServersLost(WithFolder):
    """3 of 10 over five Tarn servers, which are then killed one after another."""

    def test_three_shares_are_enough_and_two_are_named_as_too_few(self):
        servers = [tarn_program.StorageServer(self.folder / f"store{number}") for number in range(SERVERS)]
        for server in servers:
            self.addCleanup(server.kill)
        profile = tarn_program.Profile(self.folder / "lossy")
        profile.init(*(server.announcement for server in servers), required=REQUIRED, happy=HAPPY, total=TOTAL)
        data = content(2 * MEGABYTE + 7, "lossy")
        cap = profile.put(self.file(data))

        held = {server: tahoe_grid.share_files(server.folder / "shares") for server in servers}
        self.assertEqual(len({number for files in held.values() for _, number in files}), TOTAL)

        # Two servers hold four shares: one is taken from one of them, so that just three are left.
        for server in servers[2:]:
            server.kill()
        left = [path for server in servers[:2] for path in held[server].values()]
        for path in left[REQUIRED:]:
            path.unlink()
        self.assertEqual(profile.get(cap), data)

        left[0].unlink()
        with self.assertRaises(tarn_program.TarnFailed) as failed:
            profile.get(cap)
        self.assertEqual(failed.exception.code, 1)
        self.assertRegex(failed.exception.message, r"2 of (the )?3")


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    unittest.main(verbosity=2)
