"""Varnish in front of the site with the rules that ship, as the stand-in for a CDN."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.launch import tools
from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program

_RULES = ROOT / "deploy" / "varnish" / "site.vcl"


def program(folder: Path, *, port: int, web: int, site: str, env: Mapping[str, str]) -> Program:
    """Listens at `port` for the web process at `web`, which has the domain `site`; keeps what it needs in
    `folder`. Raises tools.CannotBeHad."""
    folder.mkdir(parents=True, exist_ok=True)
    rules = folder / "site.vcl"
    # One web process stands in the places of both.
    text = re.sub(
        r'"WEB\d";(\s+\.port = )"8000"', rf'"{ports.LOOPBACK}";\1"{web}"', _RULES.read_text()
    )
    rules.write_text(text.replace("SITE_DOMAIN", site))
    return Program(
        name="varnish",
        command=[
            tools.varnishd(), "-F", "-j", "none", "-n", str(folder / "run"),
            "-a", f"{ports.LOOPBACK}:{port}", "-f", str(rules), "-s", "malloc,64m",
        ],
        env=env,
        ready=lambda: ports.answers_http(port, host=ports.LOOPBACK, path="/healthz"),
        layer=programs.APPLICATION,
    )  # fmt: skip


def hits(folder: Path) -> tuple[int, int]:
    """How many requests it answered from what it keeps, and how many it handed on."""
    said = _counters(folder)
    return said.get("MAIN.cache_hit", 0), said.get("MAIN.backend_req", 0)


def _counters(folder: Path) -> dict[str, int]:
    stat = shutil.which("varnishstat") or "/usr/bin/varnishstat"
    done = subprocess.run(  # noqa: S603
        [stat, "-n", str(folder / "run"), "-1"], capture_output=True, text=True, timeout=20
    )
    rows = (line.split() for line in done.stdout.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) > 1}
