#!/usr/bin/env python3
"""Writes mutable containers of both versions beside it, as Tahoe-LAFS 1.20 makes them.

Run it with a Python that has the `tahoe-lafs` package (1.20.0). Ten bytes of data, and five leases: one more than the
header has places for.
"""

import pathlib

from allmydata.storage.lease import LeaseInfo
from allmydata.storage.mutable import MutableShareFile
from allmydata.storage.mutable_schema import ALL_SCHEMAS

HERE = pathlib.Path(__file__).parent
NODE_ID, WRITE_ENABLER, EXPIRY = b"\x07" * 20, b"\x77" * 32, 1_700_000_000 + 31 * 24 * 3600

for schema in ALL_SCHEMAS:
    path = HERE / f"slot.v{schema.version}"
    path.unlink(missing_ok=True)
    MutableShareFile(str(path), schema=schema).create(NODE_ID, WRITE_ENABLER)
    share = MutableShareFile(str(path))
    share.writev([(0, b"0123456789")], None)
    for who in (1, 3, 5, 7, 9):
        share.add_lease(10 ** 9, LeaseInfo(1, bytes([who]) * 32, bytes([who + 1]) * 32, EXPIRY, NODE_ID))
