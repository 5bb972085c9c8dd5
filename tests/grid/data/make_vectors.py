#!/usr/bin/env python3
"""Makes happiness.json and ring.json by asking Tahoe-LAFS itself.

Usage: make_vectors.py FOLDER, run by a Python that has the package tahoe-lafs 1.20.
"""

import json
import random
import sys
from pathlib import Path

from allmydata.immutable.happiness_upload import share_placement
from allmydata.util.happinessutil import servers_of_happiness
from allmydata.util.hashutil import permute_server_hash


def by_share(by_server):
    """Turns {server: shares} into {share: servers}."""
    result = {}
    for server, shares in by_server.items():
        for share in shares:
            result.setdefault(share, set()).add(server)
    return result


def happiness_of(by_server):
    return servers_of_happiness(by_share(by_server))


def some_existing(rng, servers, total, density):
    existing = {}
    for server in servers:
        shares = {share for share in range(total) if rng.random() < density}
        if shares:
            existing[server] = shares
    return existing


def in_json(by_server):
    return {str(server): sorted(shares) for server, shares in sorted(by_server.items())}


def placement_case(rng):
    """One state of a grid, and the happiness that Tahoe-LAFS reaches from it: with what stands and what it would send."""
    total = rng.choice([1, 2, 3, 5, 7, 10, 10, 10, 16])
    servers = list(range(rng.randint(1, 14)))
    readonly = {server for server in servers if rng.random() < rng.choice([0, 0, 0.3])}
    writable = set(servers) - readonly
    existing = some_existing(rng, servers, total, rng.choice([0, 0, 0.05, 0.2, 0.6]))
    placed = share_placement(writable, readonly, set(range(total)), {s: set(e) for s, e in existing.items()})
    reached = {server: set(shares) for server, shares in existing.items()}
    for share, server in placed.items():
        if server in writable:
            reached.setdefault(server, set()).add(share)
    return {"total": total, "writable": sorted(writable), "existing": in_json(existing),
            "reached": happiness_of(reached)}


def main():
    rng = random.Random(20260117)
    folder = Path(sys.argv[1])
    maps = []
    while len(maps) < 250:
        servers = range(rng.randint(0, 16))
        held = some_existing(rng, servers, rng.randint(1, 20), rng.choice([0.05, 0.1, 0.2, 0.5]))
        maps.append({"existing": in_json(held), "happiness": happiness_of(held)})
    placements = [placement_case(rng) for _ in range(300)]
    (folder / "happiness.json").write_text(json.dumps({"maps": maps, "placements": placements}, indent=None,
                                                      separators=(",", ":")).replace('},{"', '},\n{"') + "\n")
    rings = []
    for _ in range(20):
        index = rng.randbytes(16)
        seeds = [rng.randbytes(rng.choice([20, 32])) for _ in range(rng.randint(1, 12))]
        order = sorted(seeds, key=lambda seed: permute_server_hash(index, seed))
        rings.append({"index": index.hex(), "seeds": [s.hex() for s in seeds], "order": [s.hex() for s in order]})
    (folder / "ring.json").write_text(json.dumps(rings, indent=1) + "\n")


if __name__ == "__main__":
    main()
