"""Real Tahoe-LAFS storage servers on loopback, without nodes around them.

Usage: tahoe_storage_server.py FOLDER [COUNT]. Prints each server's NURL on a line; serves until standard input ends.
"""

import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from twisted.application.service import MultiService
from twisted.internet import defer, endpoints, reactor, stdio
from twisted.internet.protocol import Protocol
from twisted.python.filepath import FilePath

from allmydata.storage.http_server import HTTPServer, listen_tls
from allmydata.storage.server import StorageServer


class EndWithInput(Protocol):
    """Ends the program when whoever started it is gone."""

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


def write_identity(folder):
    """A self-signed certificate as a node makes one: RSA, a name that matches no address."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "newpb_thingy")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@defer.inlineCallbacks
def serve(folder):
    """Starts one server and prints where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    write_identity(folder)
    store = StorageServer(str(folder / "store"), b"\x07" * 20)
    services = MultiService()
    store.setServiceParent(services)
    services.startService()
    nurl, _ = yield listen_tls(
        HTTPServer(reactor, store, b"a-swissnum-for-tests"),
        "127.0.0.1",
        endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"),
        FilePath(str(folder / "key.pem")),
        FilePath(str(folder / "certificate.pem")),
    )
    print(nurl.to_text(), flush=True)


@defer.inlineCallbacks
def serve_all(folder, count):
    for number in range(count):
        yield serve(folder if count == 1 else folder / str(number))
    stdio.StandardIO(EndWithInput())


def main():
    folder = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    reactor.callWhenRunning(lambda: serve_all(folder, count).addErrback(fail))
    reactor.run()


def fail(reason):
    reason.printTraceback()
    reactor.stop()


if __name__ == "__main__":
    main()
