"""A real Tahoe-LAFS grid on loopback: an introducer, storage servers and clients, each its own process.

The programs come from the virtual environment whose Python runs this file (tests/run.sh makes it). Everything lives in
one folder and ends with the object.
"""

import random
import socket
import subprocess
import sys
import time
from pathlib import Path

TAHOE = str(Path(sys.executable).parent / "tahoe")
START_LIMIT = 120  # seconds; a slow machine starting many nodes at once


_claims = []


def free_port():
    """A port for a node that starts later, and may end and start again.

    The system hands its own range to whoever connects or asks for any port: in the seconds between the choice and the
    start another test would get it. So it comes from below that range, and an abstract socket of its name, which ends
    with this program, keeps it from every other grid.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    above = lowest if lowest > 4096 else 32768  # a system that hands out almost all leaves no better
    candidates = list(range(above // 2, above))
    random.SystemRandom().shuffle(candidates)
    for port in candidates:
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0tarn-test-port-{port}")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return port
    raise AssertionError("no port is free")


class Node:
    """One running Tahoe-LAFS process."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.process = None
        self.grid_nodes = []

    def start(self):
        log = open(self.folder / "output.log", "ab")
        # A node ends when its standard input closes: none outlives this program, however it ends.
        self.process = subprocess.Popen([TAHOE, "run", str(self.folder)], stdin=subprocess.PIPE, stdout=log,
                                        stderr=subprocess.STDOUT)
        log.close()

    def output(self):
        return f"{self.folder.name}: " + (self.folder / "output.log").read_text(errors="replace")[-2000:]

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process = None

    def configure(self, **sections):
        """Adds settings to tahoe.cfg: configure(client={"force_foolscap": "false"})."""
        import configparser

        config = configparser.ConfigParser(interpolation=None)
        config.optionxform = str
        config.read(self.folder / "tahoe.cfg")
        for section, values in sections.items():
            if not config.has_section(section):
                config.add_section(section)
            for key, value in values.items():
                config.set(section, key, value)
        with open(self.folder / "tahoe.cfg", "w") as out:
            config.write(out)


class Client(Node):
    """A client node, spoken to through the `tahoe` command."""

    def tahoe(self, *arguments, data=None):
        done = subprocess.run([TAHOE, "-d", str(self.folder), *arguments], input=data, capture_output=True, timeout=600)
        if done.returncode != 0:
            raise AssertionError(f"tahoe {arguments[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def put(self, path):
        return self.tahoe("put", str(path)).decode().strip()

    def get(self, cap):
        return self.tahoe("get", cap)

    def wait_ready(self, servers):
        """Waits until the node sees `servers` connected storage servers."""
        import json
        import urllib.request

        end = time.monotonic() + START_LIMIT
        last = "no answer"
        while time.monotonic() < end:
            try:
                url = (self.folder / "node.url").read_text().strip() + "?t=json"
                with urllib.request.urlopen(url, timeout=10) as reply:
                    status = json.load(reply)
                connected = [s for s in status["servers"] if s["connection_status"].lower().startswith("connected")]
                last = f"{len(connected)} of {servers} connected"
                if len(connected) >= servers:
                    return
            except OSError as error:
                last = str(error)
            time.sleep(0.25)
        started = [node for node in {self, *self.grid_nodes} if node.process is not None]
        raise AssertionError(f"the Tahoe-LAFS client never became ready: {last}\n"
                             + "\n".join(node.output() for node in started))


class Grid:
    """An introducer and `servers` storage nodes speaking GBS."""

    def __init__(self, folder, servers):
        self.folder = Path(folder)
        self.nodes = []
        self.introducer = self._create_introducer()
        self.introducer.start()
        self.furl = self._read_when_there(self.introducer.folder / "private/introducer.furl")
        self.servers = [self._create_server(number) for number in range(servers)]
        for server in self.servers:
            server.start()

    def _run(self, *arguments):
        subprocess.run([TAHOE, *arguments], check=True, stdout=subprocess.DEVNULL, timeout=120)

    def _read_when_there(self, path):
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if path.exists() and (text := path.read_text().strip()):
                return text
            time.sleep(0.1)
        raise AssertionError(f"{path.name} was never written")

    def _create_introducer(self):
        port = free_port()
        folder = self.folder / "introducer"
        self._run("create-introducer", f"--port=tcp:{port}:interface=127.0.0.1", f"--location=tcp:127.0.0.1:{port}",
                  str(folder))
        return self._keep(Node(folder))

    def _create_server(self, number):
        port = free_port()
        folder = self.folder / f"server{number}"
        self._run("create-node", f"--nickname=server{number}", f"--introducer={self.furl}", "--webport=none",
                  f"--port=tcp:{port}:interface=127.0.0.1", f"--location=tcp:127.0.0.1:{port}", str(folder))
        node = self._keep(Node(folder))
        node.configure(storage={"force_foolscap": "false"}, client={"force_foolscap": "false"})
        return node

    def create_client(self, name, needed, happy, total, servers_yaml=None):
        """A client of this grid, or of the servers in `servers_yaml` alone. Not started yet."""
        client = create_client(self.folder / name, needed, happy, total,
                               None if servers_yaml else self.furl, servers_yaml)
        return self._keep(client)

    def _keep(self, node):
        self.nodes.append(node)
        node.grid_nodes = self.nodes
        return node

    def close(self):
        for node in self.nodes:
            node.kill()


def create_client(folder, needed, happy, total, furl=None, servers_yaml=None):
    introducer = [f"--introducer={furl}"] if furl else []
    subprocess.run([TAHOE, "create-client", *introducer, f"--webport=tcp:{free_port()}:interface=127.0.0.1",
                    f"--shares-needed={needed}", f"--shares-happy={happy}", f"--shares-total={total}", str(folder)],
                   check=True, stdout=subprocess.DEVNULL, timeout=120)
    client = Client(folder)
    client.configure(client={"force_foolscap": "false"})
    if servers_yaml:
        (client.folder / "private/servers.yaml").write_text(servers_yaml)
    return client


def share_files(folder):
    """Every finished share below a storage folder: {(storage index, share number): path}."""
    found = {}
    for path in Path(folder).rglob("*"):
        if path.is_file() and path.name.isdigit() and "incoming" not in path.parts:
            found[(path.parent.name, int(path.name))] = path
    return found

