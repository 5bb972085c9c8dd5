"""Measures Tarn against real Tahoe-LAFS and against the limits of its libraries, alternating in one run.

Usage: bench.py BUILD-FOLDER [NAME…]   names: encode rtt server hold store rows wan memory small big
(default: all these), and store-millions, which takes an hour or more and 50 GB
Every figure is printed as one JSON line on stdout; a table of medians and ratios follows on stderr. Run it by run.sh.
"""

import concurrent.futures
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, urlparse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "interop"))

BUILD = Path(sys.argv[1]).resolve()
os.environ["TARN_PROGRAM"] = str(BUILD / "bin/tarn")

import rows_bench  # noqa: E402  (as the next three)
import store_bench  # noqa: E402
import tahoe_grid  # noqa: E402  (needs the path above)
import tarn_program  # noqa: E402  (needs the environment above)
from slow_line import SlowLine  # noqa: E402

REQUIRED, HAPPY, TOTAL, SERVERS = 3, 5, 10, 5
ROUNDS = 5
MEGABYTE = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


def emit(bench, what, subject, value, unit):
    """One figure: a JSON line for machines."""
    print(json.dumps({"bench": bench, "what": what, "subject": subject, "value": round(value, 4), "unit": unit}),
          flush=True)


def table(title, rows):
    print(f"\n{title}", file=sys.stderr)
    for row in rows:
        print("  " + "  ".join(str(cell) for cell in row), file=sys.stderr, flush=True)


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mib(pid, field="VmRSS"):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


class TahoeSubject:
    """The real Tahoe-LAFS client, spoken to through its web interface in the same way for both of its protocols."""

    def __init__(self, name, client, server_pids):
        self.name = name
        self.client = client
        self.server_pids = server_pids
        self.address = urlparse((client.folder / "node.url").read_text().strip())

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=600)
        try:
            connection.request(method, path, body=body)
            reply = connection.getresponse()
            data = reply.read()
            if reply.status not in (200, 201):
                raise AssertionError(f"{method}: {reply.status} {data[:300]}")
            return data
        finally:
            connection.close()

    def run(self, size, count, at_once, _folder):
        files = [os.urandom(size) for _ in range(count)]

        def timed(work, argument):
            start = time.perf_counter()
            result = work(argument)
            return time.perf_counter() - start, result

        def phase(work, arguments):
            cpu = cpu_seconds([self.client.process.pid])
            servers = cpu_seconds(self.server_pids)
            start = time.perf_counter()
            with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
                results = list(pool.map(lambda argument: timed(work, argument), arguments))
            seconds = time.perf_counter() - start
            return {"seconds": seconds, "each": [r[0] for r in results], "results": [r[1] for r in results],
                    "cpu": cpu_seconds([self.client.process.pid]) - cpu,
                    "servers_cpu": cpu_seconds(self.server_pids) - servers}

        up = phase(lambda data: self.request("PUT", "/uri", data).decode().strip(), files)
        down = phase(lambda cap: len(self.request("GET", "/uri/" + quote(cap, safe=""))), up["results"])
        if down["results"] != [size] * count:
            raise AssertionError("Tahoe-LAFS gave back other sizes")
        return {"up": up, "down": down}


class TarnSubject:
    """Tarn's client in one warm process (bench_client)."""

    def __init__(self, name, grid_file, server_pids, happy=HAPPY):
        self.name = name
        self.happy = happy
        self.grid_file = grid_file
        self.server_pids = server_pids

    def run(self, size, count, at_once, folder, **environment):
        out = subprocess.run([str(BUILD / "bench/bench_client"), str(self.grid_file), str(REQUIRED),
                              str(self.happy), str(TOTAL), str(size), str(count), str(at_once), str(folder)],
                             check=True, capture_output=True, timeout=1200,
                             env=dict(os.environ, TARN_BENCH_SERVERS=" ".join(map(str, self.server_pids)),
                                      **environment)).stdout
        return json.loads(out)


class Stage:
    """Both grids side by side: five Tahoe-LAFS servers and five of Tarn's, and every client that is compared."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
        self.grid = tahoe_grid.Grid(self.folder, SERVERS)
        foolscap = self.grid.create_client("foolscap", REQUIRED, HAPPY, TOTAL)
        foolscap.configure(client={"force_foolscap": "true"})
        gbs = self.grid.create_client("gbs", REQUIRED, HAPPY, TOTAL)
        for client in (foolscap, gbs):
            client.start()
        for client in (foolscap, gbs):
            client.wait_ready(SERVERS)
        self.tarn_servers = [tarn_program.StorageServer(self.folder / f"store{n}") for n in range(SERVERS)]

        on_tahoe = tarn_program.Profile(self.folder / "profile-tahoe")
        on_tahoe.init(gbs.folder, required=REQUIRED, happy=HAPPY, total=TOTAL)
        on_tarn = tarn_program.Profile(self.folder / "profile-tarn")
        on_tarn.init(*(server.announcement for server in self.tarn_servers), required=REQUIRED, happy=HAPPY, total=TOTAL)
        self.tarn_profile = on_tarn

        tahoe_pids = [server.process.pid for server in self.grid.servers]
        tarn_pids = [server.process.pid for server in self.tarn_servers]
        self.subjects = [
            TahoeSubject("tahoe-foolscap", foolscap, tahoe_pids),
            TahoeSubject("tahoe-gbs", gbs, tahoe_pids),
            TarnSubject("tarn-on-tahoe", on_tahoe.folder / "grid.yaml", tahoe_pids),
            TarnSubject("tarn-on-tarn", on_tarn.folder / "grid.yaml", tarn_pids),
        ]
        return self

    def __exit__(self, *_):
        self.grid.close()
        for server in self.tarn_servers:
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def touch_memory(folder, size):
    """Has as much memory free, and the machine's own, as files of `size` bytes need.

    A virtual machine is handed its memory page by page as it touches it: whoever writes gigabytes into memory that
    nobody has had pays for that, more than for the writing, and whoever comes next does not.
    """
    place = folder / "touched"
    piece = bytes(MEGABYTE)
    with open(place, "wb") as file:
        for _ in range(size // MEGABYTE):
            file.write(piece)
    place.unlink()


def compare(bench, stage, size, count, at_once, rounds, unit, figure):
    """Runs every subject in turn, `rounds` times; prints medians and the ratio to the best Tahoe-LAFS column."""
    values = {}
    for _ in range(rounds):
        for subject in stage.subjects:
            # The original is slow: fewer files tell the same.
            files = max(at_once, count // 5, 1) if subject.name.startswith("tahoe") else count
            # What one subject has written and not synced, the next one's syncs would have to write as well.
            os.sync()
            if size * files >= 10 * MEGABYTE:
                # Its source, its shares, and copies that it makes.
                touch_memory(stage.folder, 6 * size * files)
            figures = subject.run(size, files, at_once, stage.folder)
            for direction in figures:
                values.setdefault((subject.name, direction), []).append(figure(figures[direction], size, files))
                for what in ("cpu", "servers_cpu"):
                    values.setdefault((subject.name, direction, what), []).append(
                        figures[direction][what] / (size * files) * 1e9)
    better = max if unit == "MB/s" else min
    rows = []
    # Tarn reads twice, as one who knows where the shares are and as one who does not; Tahoe-LAFS has only the latter.
    for direction, against in (("up", "up"), ("down", "down"), ("down-unknown", "down")):
        best = better(statistics.median(values[(name, against)]) for name in ("tahoe-foolscap", "tahoe-gbs"))
        for subject in stage.subjects:
            if (subject.name, direction) not in values:
                continue
            median = statistics.median(values[(subject.name, direction)])
            times = median / best if unit == "MB/s" else best / median
            emit(bench, direction, subject.name, median, unit)
            emit(bench, direction + "-ratio", subject.name, times, "x Tahoe-LAFS's best")
            cpu = statistics.median(values[(subject.name, direction, "cpu")])
            servers = statistics.median(values[(subject.name, direction, "servers_cpu")])
            extra = ()
            if unit == "MB/s":
                emit(bench, direction + "-cpu", subject.name, cpu, "client CPU s a GB")
                emit(bench, direction + "-servers-cpu", subject.name, servers, "servers' CPU s a GB")
                extra = (f"CPU s/GB client {cpu:.1f} servers {servers:.1f}",)
            else:
                cpu, servers = (each * size * 1e-6 for each in (cpu, servers))
                emit(bench, direction + "-cpu", subject.name, cpu, "client CPU ms a file")
                emit(bench, direction + "-servers-cpu", subject.name, servers, "servers' CPU ms a file")
                extra = (f"CPU ms a file: client {cpu:.2f} servers {servers:.2f}",)
            rows.append((f"{direction:12}", f"{subject.name:15}", f"{median:9.2f} {unit}", f"{times:6.2f}x", *extra))
    table(f"{bench}: {count} x {size} bytes, {at_once} at once, medians of {rounds}", rows)


class DiskAlone:
    """What small uploads need of the disk, by a program that does nothing else."""

    name = "disk-alone"
    share_bytes = 1040  # of a file of 1 kB, 3 of 10, in its container

    def run(self, _size, files, at_once, folder):
        place = folder / f"floor{time.monotonic_ns()}"
        place.mkdir()
        done = json.loads(subprocess.run([str(BUILD / "bench/bench_upload_floor"), str(place), str(files), str(at_once),
                                          str(self.share_bytes)], check=True, capture_output=True, timeout=600).stdout)
        return {"up": {"each": [done["seconds"] / files], "seconds": done["seconds"], "cpu": 0,
                       "servers_cpu": done["cpu"]}}


class BareParts:
    """What a large file needs of cipher, hashes, TLS, system and disk, by a program that does nothing else."""

    name = "bare-parts"

    def run(self, size, _files, _at_once, folder):
        place = folder / "bare"
        place.mkdir()
        done = json.loads(subprocess.run([str(BUILD / "bench/bench_large_floor"), str(place), str(size)], check=True,
                                         capture_output=True, timeout=600).stdout)
        shutil.rmtree(place)
        return {direction: {"each": [figures["seconds"]], "seconds": figures["seconds"], "cpu": figures["cpu"],
                            "servers_cpu": 0} for direction, figures in done.items()}


def bench_small(stage):
    # Its folders stay until the end: files that were deleted slow the making of others for minutes.
    stage.subjects.append(DiskAlone())
    each = lambda phase, _size, _count: statistics.median(phase["each"]) * 1000  # noqa: E731
    compare("small", stage, 1000, 200, 1, ROUNDS, "ms", each)
    per_file = lambda phase, _size, count: phase["seconds"] / count * 1000  # noqa: E731
    compare("small-ten", stage, 1000, 200, 10, ROUNDS, "ms", per_file)
    # So many in a row that the servers' disks have to keep up.
    compare("small-many", stage, 1000, 3000, 10, 1, "ms", per_file)
    stage.subjects.pop()


def bench_big(stage):
    rate = lambda phase, size, count: size * count / phase["seconds"] / MEGABYTE  # noqa: E731
    stage.subjects.append(BareParts())
    compare("big-10MB", stage, 10 * MEGABYTE, 1, 1, ROUNDS, "MB/s", rate)
    compare("big-100MB", stage, 100 * MEGABYTE, 1, 1, ROUNDS, "MB/s", rate)
    compare("big-1GB", stage, 1000 * MEGABYTE, 1, 1, int(os.environ.get("TARN_BENCH_BIG_ROUNDS", "3")), "MB/s", rate)
    stage.subjects.pop()


def bench_wan():
    """Small files over a slow line, beside the least that the line allows. As many shares a server as with five."""
    round_trip, rate, servers, files = 0.014, 150_000, 3, 100
    folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
    stores = [tarn_program.StorageServer(folder / f"store{n}") for n in range(servers)]
    profile = tarn_program.Profile(folder / "profile")
    profile.init(*(store.announcement for store in stores), required=REQUIRED, happy=servers, total=TOTAL)
    grid_file = profile.folder / "grid.yaml"
    ports = [int(store.nurl.split("@")[1].split("/")[0].rsplit(":")[1]) for store in stores]
    subject = TarnSubject("tarn", grid_file, [store.process.pid for store in stores], servers)
    try:
        rows = []
        for at_once in (1, 10):
            each, floors = [], []
            for _ in range(ROUNDS):
                with SlowLine(ports, round_trip, rate) as line:
                    text = grid_file.read_text()
                    for port, slow in zip(ports, line.ports):
                        text = text.replace(f":{port}/", f":{slow}/")
                    subject.grid_file = folder / "slow.yaml"
                    subject.grid_file.write_text(text)
                    figures = subject.run(1000, files, at_once, folder, TARN_BENCH_UP_ONLY="1")["up"]
                    each.append(figures["seconds"] / files * 1000)
                    floors.append(max(line.sent / files / rate, round_trip) * 1000)
            median, floor = statistics.median(each), statistics.median(floors)
            emit("wan", f"{at_once} at once", "tarn", median, "ms a file")
            emit("wan", f"{at_once} at once", "floor", floor, "ms a file")
            emit("wan", f"{at_once} at once", "tarn", median / floor, "of the floor")
            rows.append((f"{at_once:3} at once", f"{median:7.1f} ms a file", f"floor {floor:7.1f} ms",
                         f"{median / floor:5.2f} of the floor"))
        table(f"wan: {files} files of 1 kB, round trip 14 ms, 150 kB/s up, 3 servers", rows)
    finally:
        for store in stores:
            store.kill()
        shutil.rmtree(folder, ignore_errors=True)


def peak_of(command, **options):
    """Runs `command` and gives its highest resident set in MiB.

    As the system knows it shortly before the end: what it tells at the end counts this program's own memory as well.
    """
    process = subprocess.Popen(command, **options)
    highest = 0
    while process.poll() is None:
        try:
            highest = resident_mib(process.pid, "VmHWM") or highest
        except OSError:
            pass  # it has just ended
        time.sleep(0.002)
    if process.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {process.returncode}")
    return highest


def bench_memory(stage):
    rows = []

    def figure(what, subject, value):
        emit("memory", what, subject, value, "MiB")
        rows.append((f"{what:28}", f"{subject:14}", f"{value:7.1f} MiB"))

    fresh = tarn_program.StorageServer(stage.folder / "fresh")
    time.sleep(1)
    figure("server at rest", "tarn", resident_mib(fresh.process.pid))
    fresh.kill()
    figure("server at rest", "tahoe", statistics.median(resident_mib(s.process.pid) for s in stage.grid.servers))
    figure("client at rest", "tahoe", resident_mib(stage.subjects[0].client.process.pid))

    profile = ["--profile", str(stage.tarn_profile.folder)]
    small, big = stage.folder / "small", stage.folder / "big"
    small.write_bytes(os.urandom(1000))
    with open(big, "wb") as out:
        for _ in range(1000):
            out.write(os.urandom(MEGABYTE))
    tarn = os.environ["TARN_PROGRAM"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    rest = peak_of([tarn, *profile, "put", str(small)], **silent)
    peak = peak_of([tarn, *profile, "put", str(big)], **silent)
    figure("1 kB upload, peak", "tarn", rest)
    figure("1 GB upload, peak", "tarn", peak)
    figure("1 GB upload adds", "tarn", peak - rest)
    figure("server after 1 GB, peak", "tarn", max(resident_mib(s.process.pid, "VmHWM") for s in stage.tarn_servers))
    queue_profile = tarn_program.Profile(stage.folder / "queue-profile")
    queue_profile.init(*(server.announcement for server in stage.tarn_servers), required=REQUIRED, happy=HAPPY, total=TOTAL)
    queue = [tarn, "--profile", str(queue_profile.folder), "queue"]

    def queue_peak(*files):
        subprocess.run([*queue, "add", *map(str, files)], check=True, **silent)
        return peak_of([*queue, "run"], **silent)

    queue_rest = queue_peak(small)

    def files_of(size, count):
        places = [stage.folder / f"{size}-{n}" for n in range(count)]
        for place in places:
            with open(place, "wb") as out:
                for at in range(0, size, MEGABYTE):
                    out.write(os.urandom(min(MEGABYTE, size - at)))
        return places

    for size in (MEGABYTE, 100 * MEGABYTE):
        ten = files_of(size, 10)
        peak = peak_of([tarn, *profile, "put", *map(str, ten)], **silent)
        figure(f"ten of {size // MEGABYTE} MB up add", "tarn", peak - rest)
        figure("the same, queued", "tarn", queue_peak(*ten) - queue_rest)
    mixed = files_of(100 * MEGABYTE + 1, 4) + files_of(900_000, 40)
    figure("4 of 100 MB, 40 of 0.9, queued", "tarn", queue_peak(*mixed) - queue_rest)
    cap_small, cap_big = stage.tarn_profile.put(small), stage.tarn_profile.put(big)
    for name, cap in (("small", cap_small), ("big", cap_big)):
        (stage.folder / f"{name}.cap").write_text(cap)
    rest = peak_of([tarn, *profile, "get", f"@{stage.folder}/small.cap", "-o", str(stage.folder / "copy")], **silent)
    peak = peak_of([tarn, *profile, "get", f"@{stage.folder}/big.cap", "-o", str(stage.folder / "copy")], **silent)
    figure("1 kB download, peak", "tarn", rest)
    figure("1 GB download, peak", "tarn", peak)
    figure("1 GB download adds", "tarn", peak - rest)

    desktop = subprocess.Popen([str(BUILD / "bin/tarn-desktop"), *profile],
                               env=dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen")),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(4)
    figure("desktop at rest", "tarn", resident_mib(desktop.pid))
    desktop.terminate()
    desktop.wait()
    table("memory", rows)


def bench_encode():
    rows = []
    for threads in (1, 2):
        figures = [json.loads(subprocess.run([str(BUILD / "bench/bench_encode"), str(threads)], check=True,
                                             capture_output=True, timeout=600).stdout) for _ in range(ROUNDS)]
        ratio = statistics.median(f["roofline_seconds"] / f["seconds"] for f in figures)
        rate = statistics.median(f["bytes"] / f["seconds"] / MEGABYTE for f in figures)
        limit = statistics.median(f["bytes"] / f["roofline_seconds"] / MEGABYTE for f in figures)
        emit("encode", f"{threads} threads of the roofline", "tarn", ratio, "of 1")
        emit("encode", f"{threads} threads", "tarn", rate, "MB/s")
        emit("encode", f"{threads} threads", "roofline", limit, "MB/s")
        rows.append((f"{threads} thread(s)", f"{ratio:.2f} of the roofline", f"{rate:.0f} of {limit:.0f} MB/s"))
    table("encode: hash, encrypt, encode and block hashes, 3 of 10, 1 MiB segments", rows)


def bench_rtt():
    figures = json.loads(subprocess.run([str(BUILD / "bench/bench_rtt")], check=True, capture_output=True, timeout=600,
                                        env=dict(os.environ, TARN_TAHOE_PYTHON=sys.executable)).stdout)
    rows = []
    for subject, limits in (("tarn", (1, 1, 1)), ("tahoe", (2, 1, 2))):
        for direction, limit in zip(("up", "down", "down-unknown"), limits):
            counted = figures[subject][direction]
            emit("rtt", direction, f"tarn-on-{subject}", counted["round_trips"], "round trips")
            bytes_on_line = counted["sent"] + counted["answered"]
            emit("rtt", direction + "-bytes", f"tarn-on-{subject}", bytes_on_line, "bytes on the line")
            rows.append((f"{direction:13}", f"{'tarn-on-' + subject:14}", f"{counted['round_trips']} (limit {limit})",
                         f"{counted['sent']} bytes sent, {counted['answered']} answered"))
    emit("rtt", "shares", "tarn", figures["share_bytes"], "bytes")
    table(f"rtt: a file of 1 kB, counted on the line; its ten shares have {figures['share_bytes']} bytes", rows)


def tahoe_server(folder):
    """A real Tahoe-LAFS storage server alone, as the contract suite runs it; gives the process and its NURL."""
    script = Path(__file__).resolve().parent.parent / "gbs/tahoe_storage_server.py"
    process = subprocess.Popen([sys.executable, str(script), str(folder)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process, process.stdout.readline().decode().strip()


def bench_server():
    """Requests a second and their times against one server, ours and Tahoe-LAFS's in turn; big reads beside bare TLS."""
    def run(*arguments):
        done = subprocess.run([str(BUILD / "bench/bench_server"), *map(str, arguments)], check=True,
                              capture_output=True, timeout=300)
        return json.loads(done.stdout)

    folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
    ours = tarn_program.StorageServer(folder / "tarn")
    tahoe, tahoe_nurl = tahoe_server(folder / "tahoe")
    try:
        rows = []
        for what in ("version", "read"):
            for connections in (1, 10, 100, 1000):
                figures = {"tarn": [], "tahoe": []}
                for _ in range(ROUNDS):
                    for name, nurl in (("tarn", ours.nurl), ("tahoe", tahoe_nurl)):
                        figures[name].append(run(nurl, what, connections, 1))
                median = {name: {key: statistics.median(f[key] for f in each) for key in each[0]}
                          for name, each in figures.items()}
                case = f"{what}, {connections} connections"
                for name in median:
                    emit("server", case, name, median[name]["rate"], "requests/s")
                    emit("server", case + ", p50", name, median[name]["p50_us"], "us")
                    emit("server", case + ", p99", name, median[name]["p99_us"], "us")
                ratio = median["tarn"]["rate"] / median["tahoe"]["rate"]
                emit("server", case, "tarn", ratio, "x Tahoe-LAFS")
                rows.append((f"{case:26}", f"{median['tarn']['rate']:9.0f} a second", f"{ratio:6.1f}x",
                             f"p50 {median['tarn']['p50_us']:.0f} us", f"p99 {median['tarn']['p99_us']:.0f} us"))
        limit = statistics.median(run("echo", 1)["rate"] for _ in range(ROUNDS))
        emit("server", "read, 1 connections", "TLS alone", limit, "requests/s")
        rows.append(("1 connection, TLS alone", f"{limit:9.0f} a second"))
        bulk = [(run(ours.nurl, "bulk", 50)["rate"], run("plain", 500)["rate"]) for _ in range(ROUNDS)]
        ratio = statistics.median(rate / limit for rate, limit in bulk)
        emit("server", "big reads of bare TLS", "tarn", ratio, "of 1")
        rows.append(("big reads", f"{statistics.median(r for r, _ in bulk):.0f} MB/s", f"{ratio:.2f} of bare TLS"))
        table("server", rows)
    finally:
        ours.kill()
        tahoe.stdin.close()
        tahoe.wait()
        shutil.rmtree(folder, ignore_errors=True)


def bench_hold():
    """How fast an upload is while others hold 1000 idle connections and 100 on which a byte comes each second, for a
    minute; in turn with nobody there."""
    idle, slow, size = 1000, 100, 10 * MEGABYTE
    held_seconds = float(os.environ.get("TARN_BENCH_HOLD_SECONDS", "60"))
    folder = Path(tempfile.mkdtemp(prefix="tarn-bench-"))
    server = tarn_program.StorageServer(folder / "store")

    def upload():
        out = subprocess.run([str(BUILD / "bench/bench_client"), str(folder / "profile/grid.yaml"), str(REQUIRED), "1",
                              str(TOTAL), str(size), "1", "1", str(folder)], check=True, capture_output=True,
                             timeout=300, env=dict(os.environ, TARN_BENCH_UP_ONLY="1")).stdout
        return size / json.loads(out)["up"]["seconds"] / MEGABYTE

    def uploads(count):
        """The median of some uploads, each after a pause; a dozen takes as long as connections are to be held."""
        rates = []
        for _ in range(count):
            time.sleep(held_seconds / 12)
            rates.append(upload())
        return statistics.median(rates)

    try:
        tarn_program.Profile(folder / "profile").init(server.announcement, required=REQUIRED, happy=1, total=TOTAL)
        upload()
        rounds, peaks = [], []
        for _ in range(ROUNDS):
            alone = uploads(5)
            holder = subprocess.Popen([str(BUILD / "bench/bench_server"), server.nurl, "hold", str(idle), str(slow)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            held = json.loads(holder.stdout.readline())["held"]
            rounds.append((alone, uploads(12)))
            peaks.append(resident_mib(server.process.pid, "VmHWM"))
            answered = json.loads(holder.communicate()[0])["answered"]
            if (held, answered) != (idle + slow, idle + slow):
                raise AssertionError(f"{held} connections were held, {answered} were still there at the end")
        alone, beside = (statistics.median(pair[which] for pair in rounds) for which in (0, 1))
        ratio = statistics.median(with_them / without for without, with_them in rounds)
        emit("hold", "upload alone", "tarn", alone, "MB/s")
        emit("hold", "upload beside those held", "tarn", beside, "MB/s")
        emit("hold", "upload beside those held", "tarn", ratio, "of alone")
        emit("hold", "server's peak", "tarn", max(peaks), "MiB")
        table(f"hold: uploads of 10 MB beside {idle} idle and {slow} slow connections, medians of {ROUNDS} rounds",
              [(f"{alone:.1f} MB/s alone", f"{beside:.1f} MB/s beside them", f"{ratio:.2f}",
                f"server's peak {max(peaks):.0f} MiB")])
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    # Memory before big: a child's peak counts what this process held when it was started.
    names = sys.argv[2:] or ["encode", "rtt", "server", "hold", "store", "rows", "wan", "memory", "small", "big"]
    if "encode" in names:
        bench_encode()
    if "rtt" in names:
        bench_rtt()
    if "server" in names:
        bench_server()
    if "hold" in names:
        bench_hold()
    store = store_bench.StoreBench(BUILD, emit, table, ROUNDS, resident_mib)
    if "store" in names:
        store.durable()
    if "store-millions" in names:
        store.millions()
    if "rows" in names:
        rows_bench.RowsBench(BUILD, emit, table, resident_mib).run()
    if "wan" in names:
        bench_wan()
    staged = {"small": bench_small, "big": bench_big, "memory": bench_memory}
    if any(name in staged for name in names):
        with Stage() as stage:
            for name in names:
                if name in staged:
                    staged[name](stage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
