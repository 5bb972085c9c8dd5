#!/usr/bin/env python3
"""Loads announcement.yaml the way a Tahoe-LAFS 1.20 client loads its static servers, over both of its protocols.

Run it with a Python that has the `tahoe-lafs` package (1.20.0). The unit test holds our writer to the same file.
"""

import pathlib

from allmydata.client import _valid_config
from allmydata.node import config_from_string
from allmydata.storage_client import HTTPNativeStorageServer, NativeStorageServer, StorageFarmBroker
from allmydata.util import base32, yamlutil

TUB = bytes(range(20))
KEY = "wpvm2m2dhmy3kjjdkebszgz6pixhvj3trvo6zxyn23dcnaefhqda"


class Quiet(StorageFarmBroker):
    """Makes servers and does not connect to them."""


def load(configuration):
    servers = yamlutil.safe_load(pathlib.Path(__file__).with_name("announcement.yaml").read_text())["storage"]
    broker = Quiet(True, None, config_from_string("", "", configuration, _valid_config()))
    [(server_id, server)] = servers.items()
    return broker._make_storage_server(server_id.encode("utf-8"), server)


for configuration, kind in (("", HTTPNativeStorageServer), ("[client]\nforce_foolscap = true\n", NativeStorageServer)):
    server = load(configuration)
    assert type(server) is kind, server
    assert server.get_longname() == b"v0-" + KEY.encode()
    assert server.get_permutation_seed() == base32.a2b(KEY.encode())
    assert server.get_lease_seed() == TUB
    assert server.get_nickname() == 'caf\u00e9 "quoted" \\ \U0001f3d4'
nurl = load("")._nurls[0]
assert (nurl.host, nurl.port, nurl.path, nurl.fragment) == ("192.0.2.1", 3456, ("swissnum",), "v=1")
print("Tahoe-LAFS reads the announcement")
