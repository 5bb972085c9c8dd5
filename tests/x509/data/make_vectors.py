#!/usr/bin/env python3
"""Writes certificates.json: certificates of several key types with the hashes that others must find in them.

Run with a Python that has the `cryptography` package. Keys and serial numbers are random: every run writes other
certificates.
"""

import datetime
import hashlib
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

DER = serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a storage server")])
    start = datetime.datetime(2020, 1, 1)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=36500)).sign(key, algorithm))


def main():
    keys = {
        "RSA 2048": rsa.generate_private_key(65537, 2048),
        "EC P-256": ec.generate_private_key(ec.SECP256R1()),
        "EC P-384": ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    }
    rows = []
    for name, key in keys.items():
        made = certificate(key)
        der = made.public_bytes(DER)
        rows.append({
            "key": name,
            "der": der.hex(),
            "pem": made.public_bytes(serialization.Encoding.PEM).decode("ascii"),
            "spkiHash": hashlib.sha256(key.public_key().public_bytes(DER, SPKI)).hexdigest(),
            "tubId": hashlib.sha1(der).hexdigest(),
        })
    path = Path(__file__).with_name("certificates.json")
    path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
