"""TLS in front of a plain server on loopback, with a certificate of an authority made for the test."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HOST = "127.0.0.1"


@contextmanager
def running(target: int, folder: Path) -> Iterator[int]:
    """The port that speaks TLS for `target`; the authority is `ca.pem` in the folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    serving = _Serving(target, context)
    thread = threading.Thread(target=lambda: asyncio.run(serving.until_told()), daemon=True)
    thread.start()
    assert serving.is_open.wait(10)
    try:
        yield serving.port
    finally:
        serving.end()
        thread.join(10)


class _Serving:
    def __init__(self, target: int, context: ssl.SSLContext) -> None:
        self.is_open, self.port = threading.Event(), 0
        self._target, self._context = target, context

    async def until_told(self) -> None:
        """What is still carried then is cancelled with the loop."""
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            lambda r, w: _carry(r, w, self._target), _HOST, 0, ssl=self._context
        )
        self.port = server.sockets[0].getsockname()[1]
        self.is_open.set()
        await self._told.wait()
        server.close()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._told.set)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
    behind = await asyncio.open_connection(_HOST, target)
    ways = ((reader, behind[1]), (behind[0], writer))
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*(_one_way(*way) for way in ways), return_exceptions=True)


async def _one_way(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    finally:
        sink.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Paths of the server's certificate and key; `ca.pem` beside them signed it."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority of a test")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.datetime.now(datetime.UTC)
    about = (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=5))
    )
    ca = (
        about.subject_name(issuer)
        .public_key(authority.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority, hashes.SHA256())
    )
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_HOST))])
    leaf = (
        about.subject_name(subject)
        .public_key(server.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(name, critical=False)
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    (folder / "server.pem").write_bytes(leaf.public_bytes(pem))
    (folder / "server.key").write_bytes(
        server.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "server.pem", folder / "server.key"
