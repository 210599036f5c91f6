"""Pages and sign-ups a second, and the time of `manage.py check`: what the memory must not cost.

Both sides run at once and are asked in turns.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack

from bench import against
from bench.figures import Figure
from bench.footprint import sides
from bench.older.site import Site
from bench.serving.clients import Target, requests_per_second, wanting
from bench.sizes import Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack

TURNS, SECONDS, PEOPLE = 5, 5, 20
SPEED_BAR, CHECK_BAR = 0.95, 0.6


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # each side has services of its own
    turns, seconds = size.of(TURNS), size.of(SECONDS, at_least=1)
    people = size.of(PEOPLE, at_least=2)
    pages: list[list[float]] = []
    crowds: list[list[float]] = []
    checks: list[list[float]] = []
    with ExitStack() as running:
        sites = []
        for code in sides.both(size):
            with step(f"  {code.name}"):
                sites.append(Site.of(running.enter_context(sides.running(code))))
        if sites:
            for site in sites:  # warm
                _pages(site, 1)
                site.crowd(people=2)
            pages = against.in_turns(sites, lambda site: _pages(site, seconds), runs=turns)
            crowds = against.in_turns(sites, lambda site: site.crowd(people=people), runs=turns)
            checks = against.in_turns(sites, _check, runs=turns)
    return [
        sides.figure(
            "pages of the website", pages, unit="pages/s", bar=SPEED_BAR, more=True, void=wanting()
        ),
        sides.figure("people who sign up", crowds, unit="sign-ups/s", bar=SPEED_BAR, more=True),
        sides.figure("manage.py check", checks, unit="s", bar=CHECK_BAR),
    ]


def _pages(site: Site, seconds: float) -> float:
    side = site.side
    return requests_per_second(
        Target(side.port, "/pricing/", f"{side.domain}:{side.port}", 200), seconds=seconds
    )


def _check(site: Site) -> float:
    """Seconds."""
    code = site.side.code
    began = time.perf_counter()
    subprocess.run(  # noqa: S603
        [str(code.python), "manage.py", "check"],
        env=dict(site.side.env), cwd=code.tree, capture_output=True, check=True,
    )  # fmt: skip
    return time.perf_counter() - began
