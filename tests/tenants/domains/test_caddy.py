"""deploy/Caddyfile with a real Caddy, its own certificate authority in place of a public one."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from plg_site.devstack import ports
from tests.tenants.domains.test_sign_in import OURS, port, world  # noqa: F401 - fixtures

CADDY = os.environ.get("CADDY") or shutil.which("caddy")
pytestmark = pytest.mark.skipif(not CADDY, reason="Caddy is not installed (CADDY names one)")
TOKEN = "a-token-for-caddy"


@pytest.fixture
def caddy(port, world, tmp_path, settings) -> Iterator[int]:  # type: ignore[no-untyped-def]  # noqa: F811
    """Its HTTPS port."""
    settings.TLS_ASK_TOKEN = TOKEN
    http = ports.find_free(neighbours=1)
    https = http + 1
    example = (Path(settings.BASE_DIR) / "deploy/Caddyfile").read_text()
    ours = f"\tlocal_certs\n\tskip_install_trust\n\tadmin off\n\thttp_port {http}\n\thttps_port {https}\n"
    config = tmp_path / "Caddyfile"
    config.write_text(example.replace("{\n", "{\n" + ours, 1))
    environment = {
        "HOME": str(tmp_path),
        "SITE_DOMAIN": settings.SITE_DOMAIN,
        "APP_DOMAIN": settings.APP_DOMAIN,
        "FILES_DOMAIN": settings.FILES_DOMAIN,
        "TLS_ASK_TOKEN": TOKEN,
        "WEB": f"127.0.0.1:{port}",
        "ASK": f"127.0.0.1:{port}",
        "ACME_EMAIL": "ops@example.com",
    }
    process = subprocess.Popen(
        [str(CADDY), "run", "--adapter", "caddyfile", "--config", str(config)],
        env=environment,
        stderr=(tmp_path / "log").open("wb"),
    )
    until = time.monotonic() + 20
    while not ports.answers(https) and time.monotonic() < until:
        time.sleep(0.05)
    yield https
    process.terminate()
    process.wait()


def ask(https: int, host: str, path: str) -> str:
    """The answer's first line and body, over TLS with this name."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its own authority
    with (
        socket.create_connection(("127.0.0.1", https), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=host) as tls,
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: {host}{settings.PUBLIC_PORT_SUFFIX}\r\n"
        tls.sendall(f"{request}Connection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: tls.recv(65536), b"")).decode(errors="replace")


def test_a_proved_domain_gets_a_certificate_and_others_get_none(caddy):
    assert "302 Found" in ask(caddy, OURS, "/links/")
    with pytest.raises(ssl.SSLError):
        ask(caddy, "links.evil-corp.com", "/")
    assert "404" in ask(caddy, OURS, f"/tls/ask/{TOKEN}/?domain={OURS}").splitlines()[0]
