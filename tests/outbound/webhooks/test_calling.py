"""The call itself: the name is verified though the address is pinned, and nothing drags it on."""

from __future__ import annotations

import contextlib
import datetime
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outbound.webhooks import calling, places

Talk = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[..., int]]:
    """Starts a server that talks as it is told to whoever connects; its port."""
    listening: list[socket.socket] = []

    def start(talk: Talk, context: ssl.SSLContext | None = None) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with contextlib.suppress(OSError), plain:
                        talk(context.wrap_socket(plain, server_side=True) if context else plain)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listening:
        listener.close()


def hear(stream: socket.socket) -> None:
    """The whole request: who closes on unread bytes takes the answer back with them (RST)."""
    said = b""
    while b"\r\n\r\n" not in said and (more := stream.recv(65536)):
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    while length and len(body) < int(length[1]) and (more := stream.recv(65536)):
        body += more


def says(answer: bytes) -> Talk:
    def talk(stream: socket.socket) -> None:
        hear(stream)
        stream.sendall(answer)

    return talk


def drips(stream: socket.socket) -> None:
    """A byte of the head now and then, for ever."""
    hear(stream)
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
        stream.sendall(bytes([byte]))
        time.sleep(0.1)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch) -> ssl.SSLContext:
    """A server's context for hooks.example.com, by an authority that we trust for this test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.com")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(calling, "_tls", lambda: trusting)
    monkeypatch.setattr(places, "find", lambda host: ["127.0.0.1"])
    return context


def test_the_certificate_is_asked_for_the_name_not_for_the_address(server, certificate):
    port = server(says(b"HTTP/1.1 204 No Content\r\n\r\n"), certificate)
    assert calling.post(f"https://hooks.example.com:{port}/", b"{}", {}).status == 204
    with pytest.raises(calling.Failed) as failed:
        calling.post(f"https://other.example.com:{port}/", b"{}", {})
    assert (failed.value.reason, failed.value.may_have_arrived) == ("tls_failed", False)


def test_a_certificate_that_nobody_trusts_is_none(server, certificate, monkeypatch):
    port = server(says(b"HTTP/1.1 204 No Content\r\n\r\n"), certificate)
    monkeypatch.setattr(calling, "_tls", ssl.create_default_context)
    with pytest.raises(calling.Failed) as failed:
        calling.post(f"https://hooks.example.com:{port}/", b"{}", {})
    assert failed.value.reason == "tls_failed"


def test_an_answer_that_drips_is_cut_off_in_time(server, monkeypatch):
    monkeypatch.setattr(calling, "SECONDS", 1.0)
    port, began = server(drips), time.monotonic()
    with pytest.raises(calling.Failed) as failed:
        calling.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (failed.value.reason, failed.value.may_have_arrived) == ("endpoint_too_slow", True)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2_000_000 + b"\r\n\r\n"]
)
def test_what_is_no_answer_is_none(server, answer):
    port = server(says(answer))
    with pytest.raises(calling.Failed) as failed:
        calling.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert (failed.value.reason, failed.value.may_have_arrived) == ("endpoint_hung_up", True)


def test_of_an_endless_body_nothing_is_read(server):
    def talk(stream: socket.socket) -> None:
        stream.recv(65536)
        stream.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            stream.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")

    began = time.monotonic()
    assert calling.post(f"http://127.0.0.1:{server(talk)}/", b"{}", {}).status == 200
    assert time.monotonic() - began < 5


def test_no_proxy_of_the_environment_is_asked(server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    port = server(says(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert calling.post(f"http://127.0.0.1:{port}/", b"{}", {}).status == 204


def test_a_redirect_is_an_answer_and_leads_nowhere(server):
    seen = []
    inner = server(lambda stream: seen.append(stream.recv(100)))
    port = server(says(f"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:{inner}/\r\n\r\n".encode()))
    assert calling.post(f"http://127.0.0.1:{port}/", b"{}", {}).status == 307
    assert seen == []
