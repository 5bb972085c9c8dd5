"""The real Tahoe-LAFS client with five `tarn serve` as its whole grid, and what it says of it itself.

Run with the Python of a virtual environment that holds tahoe-lafs; TARN_PROGRAM names the built `tarn`.
"""

import json
import os
import random
import shutil
import tempfile
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

import tahoe_grid
import tarn_program

REQUIRED, HAPPY, TOTAL, SERVERS = 3, 5, 10, 5


def content(size, seed):
    return random.Random(seed).randbytes(size)


def servers_yaml(servers):
    """One file of the announcements that the servers wrote, as a person would join them."""
    parts = [server.announcement.read_text().split("storage:\n", 1) for server in servers]
    return "storage:\n" + "".join(entries for _, entries in parts)


class OnFiveTarnServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="tarn-interop-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.servers = [tarn_program.StorageServer(cls.folder / f"store{number}") for number in range(SERVERS)]
        for server in cls.servers:
            cls.addClassCleanup(server.kill)
        cls.client = tahoe_grid.create_client(cls.folder / "client", REQUIRED, HAPPY, TOTAL,
                                              servers_yaml=servers_yaml(cls.servers))
        cls.addClassCleanup(cls.client.kill)
        cls.client.start()
        cls.client.wait_ready(SERVERS)
        cls.tahoe = staticmethod(lambda *words, data=None: cls.client.tahoe(*words, data=data).decode().strip())
        cls.tahoe("create-alias", "home")

    def file(self, data, name):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return str(path)

    def web(self, method, path, data=None, **query):
        """The client's web interface: what the `tahoe` command uses as well, without the start of a program."""
        url = (self.client.folder / "node.url").read_text().strip() + path + "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=300) as reply:
            return reply.read()

    def check(self, cap):
        """What the client's verifier says of one object, all of its shares read."""
        return json.loads(self.web("POST", f"/uri/{urllib.parse.quote(cap)}", b"", t="check", verify="true",
                                   output="json"))

    def assert_healthy(self, cap):
        results = self.check(cap)["results"]
        self.assertTrue(results["healthy"], results)
        self.assertEqual((results["count-shares-good"], results["count-corrupt-shares"]), (TOTAL, 0), results)

    def shares_of(self, cap):
        """The files of an object's shares on all servers."""
        index = self.check(cap)["storage-index"]
        return sorted(path for server in self.servers
                      for (bucket, _), path in tahoe_grid.share_files(server.folder / "shares").items()
                      if bucket == index)

    def test_a_directory_is_made_filled_and_listed(self):
        self.tahoe("mkdir", "home:made")
        data = content(100_000, "in a directory")
        self.tahoe("put", self.file(data, "linked"), "home:made/linked")
        self.tahoe("mv", "home:made/linked", "home:made/moved")
        self.assertEqual(self.client.get("home:made/moved"), data)
        self.tahoe("mkdir", "home:made/below")
        self.assertEqual(self.tahoe("ls", "home:made").split(), ["below", "moved"])
        self.tahoe("unlink", "home:made/moved")
        self.assertEqual(self.tahoe("ls", "home:made").split(), ["below"])
        self.assertIn("Healthy", self.tahoe("check", "--verify", "home:made"))

    def test_mutable_files_of_both_kinds_are_put_overwritten_and_shortened(self):
        for kind, size in (("sdmf", 30_000), ("mdmf", 400_000)):
            with self.subTest(kind=kind):
                first = content(size, kind)
                cap = self.tahoe("put", "--mutable", f"--format={kind}", self.file(first, "mutable"))
                self.assertTrue(cap.startswith("URI:MDMF:" if kind == "mdmf" else "URI:SSK:"), cap[:9])
                self.assertEqual(self.client.get(cap), first)
                self.assert_healthy(cap)
                self.tahoe("put", self.file(content(size * 2, "longer"), "mutable"), cap)
                for other in (content(size // 3, "shorter"), b"", content(size, "again")):
                    self.web("PUT", f"/uri/{urllib.parse.quote(cap)}", other)
                    self.assertEqual(self.web("GET", f"/uri/{urllib.parse.quote(cap)}"), other)
                patched = content(size, "again")[:1000] + b"patched" + content(size, "again")[1007:]
                self.web("PUT", f"/uri/{urllib.parse.quote(cap)}", b"patched", offset=1000)
                self.assertEqual(self.web("GET", f"/uri/{urllib.parse.quote(cap)}"), patched)
                self.assert_healthy(cap)

    def test_a_tree_is_copied_checked_and_repaired(self):
        files = {f"{folder}/file{number}": content(number * 30_000, f"{folder}{number}")
                 for folder in ("a", "a/b") for number in range(3)}
        for name, data in files.items():
            self.file(data, f"tree/{name}")
        self.tahoe("cp", "-r", str(self.folder / "tree"), "home:")
        self.tahoe("cp", "-r", "home:tree", str(self.folder / "back"))
        for name, data in files.items():
            self.assertEqual((self.folder / "back/tree" / name).read_bytes(), data, name)

        # A file loses two shares; a directory one, and another of it has a bit turned.
        file, folder = (json.loads(self.tahoe("ls", "--json", f"home:tree/{path}"))[1] for path in ("a/file2", "a"))
        for share in self.shares_of(file["ro_uri"])[::5]:
            share.unlink()
        shares = self.shares_of(folder["rw_uri"])
        shares[0].unlink()
        self.turn_a_bit(shares[5])
        objects, _ = self.deep_check("home:tree", "--verify")
        self.assertEqual(len([one for one in objects if not one["check-results"]["results"]["healthy"]]), 2)

        objects, stats = self.deep_check("home:tree", "--verify", "--repair", "--add-lease")
        self.assertEqual(stats["count-files"], len(files))
        results = [one["check-and-repair-results"] for one in objects if one["cap"] and "LIT" not in one["cap"]]
        repaired = [one for one in results if one["repair-attempted"]]
        self.assertEqual(len(repaired), 2)
        for one in repaired:
            self.assertTrue(one["repair-successful"], one)
        objects, _ = self.deep_check("home:tree", "--verify", "--add-lease")
        for one in objects:
            self.assertTrue(one["check-results"]["results"]["healthy"], one)

    def test_a_share_with_a_bit_turned_is_named(self):
        cap = self.tahoe("put", self.file(content(50_000, "turned"), "turned"))
        share = self.shares_of(cap)[0]
        self.turn_a_bit(share)
        results = self.check(cap)["results"]
        self.assertEqual((results["count-shares-good"], results["count-corrupt-shares"]), (TOTAL - 1, 1), results)
        self.assertEqual(results["list-corrupt-shares"][0][2], int(share.name))
        self.assertEqual(self.client.get(cap), content(50_000, "turned"))

    @staticmethod
    def turn_a_bit(share):
        data = bytearray(share.read_bytes())
        data[len(data) // 2] ^= 1
        share.write_bytes(data)

    def deep_check(self, path, *words):
        """What the client says of everything below, object by object, and the sum in the end."""
        lines = [json.loads(line) for line in self.tahoe("deep-check", "--raw", *words, path).splitlines()]
        return [line for line in lines if line["type"] != "stats"], lines[-1]["stats"]

    def test_a_backup_is_made_and_a_second_one_finds_it_unchanged(self):
        for number in range(3):
            self.file(content(20_000, f"backup{number}"), f"backed/up/file{number}")
        self.tahoe("backup", str(self.folder / "backed"), "home:backups")
        # Whether it asks the servers about a file that it has stored before is drawn by lot.
        self.assertRegex(self.tahoe("backup", str(self.folder / "backed"), "home:backups"),
                         r"0 files uploaded \(3 (reused|checked)\)")
        self.assertEqual(self.client.get("home:backups/Latest/up/file2"), content(20_000, "backup2"))


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    unittest.main(verbosity=2)
