"""deploy/Caddyfile is whole, for one web process and for several. What it does: tests/plg_site/web,
tests/tenants/domains and tests/stack/test_rolling_restart.py."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from plg_site.devstack.options import ROOT
from plg_site.web.client_address import OF_PROXIES
from tests.plg_site import proxies

FILE = str(ROOT / "deploy" / "Caddyfile")
KNOWN = {
    "SITE_DOMAIN": "signpost.example", "APP_DOMAIN": "app.signpost.example",
    "FILES_DOMAIN": "files.example", "TLS_ASK_TOKEN": "token", "ACME_EMAIL": "a@signpost.example",
    "ASK": "web1:8000",
}  # fmt: skip


def caddy(command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [proxies.caddy_program(), command, "--config", FILE, "--adapter", "caddyfile"],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **KNOWN, **env},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize("webs", ["web1:8000", "web1:8000 web2:8000", "[::1]:8000 10.0.0.2:8001"])
def test_caddy_finds_it_valid(webs: str, tmp_path):
    done = caddy("validate", WEB=webs, XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    rules = caddy("adapt", WEB=webs).stdout
    assert all(f'"dial":"{web}"' in rules for web in webs.split())


def test_what_only_a_proxy_may_say_is_taken_from_who_says_it():
    handlers = list(proxies_in(json.loads(caddy("adapt", WEB="web1:8000").stdout)))
    believed = {name.removeprefix("HTTP_").replace("_", "-").lower() for name in OF_PROXIES}
    assert handlers
    for handler in handlers:
        left_out = {name.lower() for name in handler["headers"]["request"]["delete"]}
        assert left_out - {"cookie"} == believed  # cookies do not go to the collector
    nginx = (ROOT / "deploy" / "nginx.conf").read_text().lower()
    assert all(f'proxy_set_header {name} "";' in nginx for name in believed)


def proxies_in(rules: Any) -> Iterator[dict[str, Any]]:
    """Each handler of Caddy that hands on to a web."""
    if isinstance(rules, dict):
        if rules.get("handler") == "reverse_proxy":
            yield rules
        for each in rules.values():
            yield from proxies_in(each)
    elif isinstance(rules, list):
        for each in rules:
            yield from proxies_in(each)


def test_what_is_asked_about_health_can_be_set():
    assert '"uri":"/readyz"' in caddy("adapt", WEB="web1:8000").stdout
    assert '"uri":"/healthz"' in caddy("adapt", WEB="web1:8000", HEALTH="/healthz").stdout
