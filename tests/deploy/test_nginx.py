"""deploy/nginx.conf is whole, and does for several web processes what it says. (How it restarts them under
traffic: tests/stack/test_rolling_restart.py; whom it says it asks for: tests/plg_site/web.)"""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.plg_site import proxies

pytestmark = pytest.mark.thorough


@pytest.fixture(autouse=True)
def program() -> str:
    return proxies.nginx_program(install=True)


class Leaves:
    """A web process that takes a request whole, and goes away without an answer."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                said = peer.recv(65536)
                while b"Content-Length: 4" in said and not said.endswith(b"a=b1"):
                    said += peer.recv(65536)
                self.taken.append(said)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def leaves() -> Iterator[Leaves]:
    made = Leaves()
    yield made
    made.close()


@contextmanager
def answering() -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A web process that answers: its port, and what it was asked."""
    asked: list[dict[str, Any]] = []

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        asked.append(environ)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"here"]

    with proxies.served(answer) as port:
        yield port, asked


def ask(port: int, method: str = "GET", path: str = "/", body: str | None = None, **said: str):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {"Host": proxies.SITE, **said})
        return connection.getresponse().status
    finally:
        connection.close()


def test_nginx_finds_it_valid(program: str, tmp_path: Path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x",
         "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "pem")],
        capture_output=True, check=True,
    )  # fmt: skip
    text = (proxies.ROOT / "deploy" / "nginx.conf").read_text()
    for what, found in (
        ("/etc/ssl/SITE.pem", f"{tmp_path}/pem"), ("/etc/ssl/SITE.key", f"{tmp_path}/key"),
        ("WEB1", "127.0.0.1"), ("WEB2", "127.0.0.2"), ("COLLECT", "127.0.0.3"),
        ("listen 80 ", f"listen {proxies.free_port()} "),
        ("listen 443 ", f"listen {proxies.free_port()} "), (":8009", f":{proxies.free_port()}"),
    ):  # fmt: skip
        assert what in text
        text = text.replace(what, found)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\n{text}")
    done = subprocess.run(
        [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


def test_what_is_only_read_is_asked_of_another_and_a_form_is_never_sent_twice(leaves, tmp_path):
    with answering() as (port, asked), proxies.nginx(tmp_path, [leaves.port, port]) as front:
        assert {ask(front) for _ in range(4)} == {200}
        assert leaves.taken, "it was one of those that were asked"
    taken, read = len(leaves.taken), len(asked)
    with answering() as (port, asked), proxies.nginx(tmp_path, [leaves.port, port]) as front:
        answers = [ask(front, "POST", "/signup/", f"a=b{number}") for number in (1, 1)]
    assert 502 in answers
    sent = len(leaves.taken) - taken + len(asked)
    assert sent == len(answers), "each once, whatever became of it"
    assert read == 4


def test_a_form_goes_to_another_where_it_cannot_have_arrived(tmp_path):
    with (
        answering() as (port, asked),
        proxies.nginx(tmp_path, [proxies.free_port(), port]) as front,
    ):
        assert {ask(front, "POST", "/signup/", "a=b1") for _ in range(6)} == {200}
    assert len(asked) == 6


def test_while_nobody_answers_it_says_so_at_once(tmp_path):
    with proxies.nginx(tmp_path, [proxies.free_port(), proxies.free_port()]) as front:
        assert ask(front) == 502


def test_a_terminator_asks_any_web_at_an_address_of_its_own(tmp_path):
    place = proxies.free_port()
    with (
        answering() as (port, asked),
        proxies.nginx(tmp_path, [proxies.free_port(), port], ask=place) as front,
    ):
        question = "/tls/ask/token/?domain=links.example"
        assert {ask(place, path=question, X_Real_IP="1.2.3.4") for _ in range(3)} == {200}
        assert ask(place, path="/login/") == 404
        assert ask(front, path=question) == 404
    assert len(asked) == 3
    assert not {name for each in asked for name in each if "FORWARDED" in name}
    assert {(each["PATH_INFO"], each["QUERY_STRING"]) for each in asked} == {
        ("/tls/ask/token/", "domain=links.example")
    }
