"""Varnish with the shipped rules, as the stand-in of a CDN, in front of web processes on loopback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from plg_site.devstack import apt
from tests.plg_site import proxies

RULES = proxies.ROOT / "deploy" / "varnish" / "site.vcl"


def program() -> str:
    """Where Varnish is, installed where that can be done; skips the test where it cannot be had."""
    found = _found()
    if not found:
        apt.install("varnish", say=lambda _: None)
        found = _found()
    if not found:
        pytest.skip("Varnish is not installed (apt-get install varnish)")
    return found


def _found() -> str | None:
    return shutil.which("varnishd") or shutil.which("varnishd", path="/usr/sbin:/usr/local/sbin")


def rules(
    webs: Sequence[int], *, site: str, grace: str = "", first: str = "", last: str = ""
) -> str:
    """deploy/varnish/site.vcl for these web processes. `grace` (of VCL, "3s") replaces the ten minutes
    for which an old copy does while a new one is fetched; `first` and `last` stand around the rules."""
    text = RULES.read_text().replace("SITE_DOMAIN", site)
    for number, web in enumerate((*webs, webs[-1])[:2], 1):  # one web process stands in both places
        text = re.sub(
            rf'"WEB{number}";\n(\s+\.port = )"8000"', rf'"127.0.0.1";\n\1"{web}"', text, count=1
        )
    if grace:
        text = text.replace("set req.grace = 600s", f"set req.grace = {grace}")
    return text.replace("import std;\n", f"import std;\n{first}\n", 1) + last


@contextmanager
def varnish(folder: Path, webs: Sequence[int], *, site: str, **more: str) -> Iterator[int]:
    """The port at which it answers; `more` goes to `rules`."""
    with running(folder, rules(webs, site=site, **more)) as port:
        yield port


@contextmanager
def running(folder: Path, text: str) -> Iterator[int]:
    """The port at which Varnish answers by these rules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "site.vcl").write_text(text)
    port = proxies.free_port()
    command = [
        program(), "-F", "-j", "none", "-n", str(folder / "work"), "-a", f"127.0.0.1:{port}",
        "-f", str(folder / "site.vcl"), "-s", "malloc,64m",
    ]  # fmt: skip
    with proxies.running(command, folder, port):
        yield port
