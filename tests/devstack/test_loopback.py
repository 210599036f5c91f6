"""What is on loopback never goes through a proxy, whatever a company's laptop has in its environment."""

from __future__ import annotations

import os
import socketserver
import threading
from collections.abc import Iterator

import pytest

from plg_site.devstack import ports
from plg_site.devstack.loopback import without_proxy
from plg_site.devstack.options import ROOT
from tests.devstack.adopters import in_tree, shell_of


class Refuses(socketserver.BaseRequestHandler):
    """A proxy that lets nothing through, and remembers what it was asked."""

    def handle(self) -> None:
        self.server.asked.append(self.request.recv(4096).split(b"\r\n")[0])  # type: ignore[attr-defined]
        self.request.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def proxy() -> Iterator[socketserver.ThreadingTCPServer]:
    with socketserver.ThreadingTCPServer((ports.LOOPBACK, 0), Refuses) as server:
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def through(proxy: socketserver.ThreadingTCPServer) -> dict[str, str]:
    url = f"http://{ports.LOOPBACK}:{proxy.server_address[1]}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {each: url for name in names for each in (name, name.lower())}


@pytest.mark.stack
@pytest.mark.thorough
def test_the_whole_journey_passes_behind_a_proxy_that_refuses_everything(
    bare_environ: dict[str, str], proxy: socketserver.ThreadingTCPServer
) -> None:
    environ = {**shell_of(bare_environ), **through(proxy)}
    environ.pop("NO_PROXY", None), environ.pop("no_proxy", None)
    ended = in_tree(ROOT, "bin/dev", "--check", environ=environ)
    assert ended.returncode == 0, ended.stdout[-3_000:] + ended.stderr[-2_000:]
    assert proxy.asked == []  # type: ignore[attr-defined]


def test_what_was_said_of_proxies_stays_and_is_completed() -> None:
    said = without_proxy({"NO_PROXY": "intranet.example, 10.0.0.0/8"}, "plg.localhost")
    names = said["NO_PROXY"].split(",")
    assert said["no_proxy"] == said["NO_PROXY"]
    assert names[:2] == ["intranet.example", "10.0.0.0/8"]
    assert {"localhost", "127.0.0.1", "::1", "plg.localhost", ".plg.localhost"} <= set(names)
    assert without_proxy(said, "plg.localhost") == said


def test_no_proxy_for_anything_stays_that() -> None:
    assert without_proxy({"no_proxy": "*"}) == {"no_proxy": "*", "NO_PROXY": "*"}


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8001/v1/prices", "http://acme.plg.localhost:8000/", "http://localhost"],
)
def test_the_clients_that_we_use_agree(
    monkeypatch: pytest.MonkeyPatch, proxy: socketserver.ThreadingTCPServer, url: str
) -> None:
    import httpx
    import requests

    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in through(proxy).items():
        monkeypatch.setenv(name, value)
    assert requests.utils.get_environ_proxies(url) != {}
    for name, value in without_proxy(os.environ, "plg.localhost").items():
        monkeypatch.setenv(name, value)
    assert requests.utils.get_environ_proxies(url) == {}
    with httpx.Client() as client:
        assert client._transport_for_url(httpx.URL(url)) is client._transport
