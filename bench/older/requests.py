"""A click and a sign-up, beside the same of commit 5ec79f5: both as deployed, asked by one client.

Both installations run at once, each with databases, Redis and processes of its own, and are asked in
turns. Connections are kept. Who signs up loads the form first, as a browser does, then posts it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import against
from bench.against import Code, NoHistory, medians
from bench.figures import Figure
from bench.older import processor
from bench.older.site import COMMIT, Site, told
from bench.serving.clients import wanting
from bench.sizes import TINY, Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import State

BAR = 1.05
TURNS, SECONDS = 9, 4  # for each side: loads of clicks, and how long each is
PEOPLE = 12  # sign up in each turn
# All of them come from this machine.
_ENVIRON = {"DEBUG": "0", "WATCH_FILES": "0", "SIGNUP_RATE_LIMIT": "100000/m/ip",
            "LOGIN_RATE_LIMIT": "100000/m/ip", "SIGNUPS_BY_ADDRESS": "100000/m",
            "SIGNUPS_BY_DEVICE": "100000/m", **processor.ENVIRON}  # fmt: skip


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # each side has services of its own
    try:
        older = against.checked_out(COMMIT)
    except NoHistory as error:
        if size is not TINY:
            raise
        nothing = [[0.0], [0.0]]
        return [
            make(name, nothing, void=f"skipped: {error}")
            for make, names in ((_figure, _NAMES), (processor.figure, processor.NAMES))
            for name in names
        ]
    turns, seconds = size.of(TURNS), size.of(SECONDS, at_least=1)
    people = size.of(PEOPLE, at_least=2)
    with ExitStack() as running:
        sites = [running.enter_context(_open(code)) for code in (older, against.PRESENT)]
        for site in sites:  # warm
            site.click(seconds=1)
            site.sign_up(people=2)
        with step("  clicks"):
            clicks = against.in_turns(sites, lambda site: site.click(seconds=seconds), runs=turns)
        with step("  sign-ups"):
            crowds = against.in_turns(sites, lambda site: site.sign_up(people=people), runs=turns)
        computed = processor.figures(sites, size=size)
    return [_figure("click", clicks, void=wanting()), _figure("sign-up", crowds), *computed]


@contextmanager
def _open(code: Code) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="plg-older-"))
    try:
        with ExitStack() as running:
            with step(f"  {code.name}"):
                side = running.enter_context(code.running(folder, apart=True, environ=_ENVIRON))
                site = Site.of(side)
            yield site
    finally:
        State(folder).remove()


_NAMES: dict[str, str] = {
    "click": "a click on a short link, at full load",
    "sign-up": "a sign-up: its form, and its sending",
}


def _figure(what: str, columns: Sequence[Sequence[float]], *, void: str = "") -> Figure:
    then, now = medians(columns)
    return Figure(
        name=_NAMES[what],
        value=now,
        unit="ms",
        reference=f"ms at commit {COMMIT}",
        reference_value=then,
        bar=BAR,
        better="less",
        note=f"runs: {told(columns[1])}; then: {told(columns[0])}",
        void=void,
    )
