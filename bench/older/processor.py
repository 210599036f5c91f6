"""What a sign-up and a page of a workspace cost all processes together, beside commit 5ec79f5.

Processor time, from the process table: web, worker, scheduler, consumer, senders, PostgreSQL with the
schema that is made for the next one, Redis. It is counted until all that follows is done (the pool is
full again, mails have left), and what the processes compute while nobody comes is taken away. So it says
the same on a busy machine and on a quiet one, which seconds do not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psycopg

from bench import against
from bench.against import medians
from bench.figures import Figure
from bench.footprint.tree import can_weigh, processor_by_part
from bench.older.site import COMMIT, Site, told
from bench.sizes import Size
from plg_site.devstack.progress import step

SIGN_UP_BAR, PAGE_BAR = 0.7, 1.0
TURNS, PEOPLE, PAGES = 5, 40, 200  # people and pages in each turn
IDLE = 10  # seconds that a side is watched while nobody comes
_SETTLES = 4.0  # seconds after the pool is full: mails, readers, what comes round each second
_POOL_WITHIN = 120.0
_POOL = "SELECT count(*) FROM tenants_poolschema"
# One schema is made for each that is taken, on both sides: the pool does not grow with the rate.
ENVIRON = {"POOL_MIN": str(PEOPLE + 10), "POOL_SECONDS": "0"}


class _Watched:
    """A side, and what its parts compute."""

    def __init__(self, site: Site, *, idle: float) -> None:
        self.site, self._idle = site, idle
        self.parts: dict[str, list[float]] = {}  # ms of a sign-up, turn by turn

    def sign_up(self, *, people: int) -> float:
        """Milliseconds of processor time for each of them."""
        ready = self._ready()

        def crowd() -> None:
            self.site.all_sign_up(people=people)
            give_up_at = time.monotonic() + _POOL_WITHIN
            while self._ready() < ready:
                if time.monotonic() > give_up_at:
                    raise RuntimeError(f"{self.site.side.code.name} does not fill its pool.")
                time.sleep(0.2)

        taken = self._beyond_idle(crowd, of=people)
        for part, value in taken.items():
            self.parts.setdefault(part, []).append(value)
        return sum(taken.values())

    def pages(self, *, count: int) -> float:
        """Milliseconds of processor time for each page."""
        return sum(self._beyond_idle(lambda: self.site.pages(count=count), of=count).values())

    def _beyond_idle(self, work: Callable[[], None], *, of: int) -> dict[str, float]:
        idle, seconds = self._computed(lambda: time.sleep(self._idle))

        def settled() -> None:
            work()
            time.sleep(_SETTLES)

        busy, lasted = self._computed(settled)
        return {
            part: 1000 * (busy[part] - idle.get(part, 0.0) / seconds * lasted) / of for part in busy
        }

    def _computed(self, work: Callable[[], object]) -> tuple[dict[str, float], float]:
        """The seconds that each part has computed meanwhile, and how long it was."""
        before, began = self._by_part(), time.monotonic()
        work()
        after, lasted = self._by_part(), time.monotonic() - began
        return {part: after[part] - before.get(part, 0.0) for part in after}, lasted

    def _by_part(self) -> dict[str, float]:
        return processor_by_part(self.site.side.pid, with_ended=True)

    def _ready(self) -> int:
        """How many schemas wait."""
        with psycopg.connect(self.site.side.env["DATABASE_URL"]) as connection:
            return int((connection.execute(_POOL).fetchone() or [0])[0])


def figures(sites: Sequence[Site], *, size: Size) -> list[Figure]:
    """Both rows, of an older side and the present one; without any they were skipped."""
    sides = [_Watched(site, idle=size.of(IDLE)) for site in sites]
    turns, people = size.of(TURNS), size.of(PEOPLE, at_least=2)
    count = size.of(PAGES, at_least=2)
    for side in sides:  # warm
        side.site.pages(count=min(count, 5))
    with step("  sign-ups, by the process table"):
        crowds = against.in_turns(sides, lambda side: side.sign_up(people=people), runs=turns)
    with step("  pages, by the process table"):
        pages = against.in_turns(sides, lambda side: side.pages(count=count), runs=turns)
    parts = "; then ".join(_parts(side) for side in reversed(sides))
    return [figure("sign-up", crowds, note=parts), figure("page", pages)]


NAMES = {
    "sign-up": "processor time of a sign-up, with all that follows",
    "page": "processor time of a page of a workspace",
}
_BARS = {"sign-up": SIGN_UP_BAR, "page": PAGE_BAR}


def figure(
    what: str, columns: Sequence[Sequence[float]], *, note: str = "", void: str = ""
) -> Figure:
    """The row of what was measured, then and now."""
    then, now = medians(columns)
    if not void and not can_weigh():
        void = "this system does not tell it (proc(5))"
    return Figure(
        name=NAMES[what],
        value=now,
        unit="ms",
        reference=f"ms at commit {COMMIT}",
        reference_value=then,
        bar=_BARS[what],
        better="less",
        note=f"runs: {told(columns[1])}; then: {told(columns[0])}"
        + (f"; by part: {note}" if note else ""),
        void=void,
    )


def _parts(side: _Watched) -> str:
    found = {part: medians([values])[0] for part, values in side.parts.items()}
    largest = sorted(found.items(), key=lambda item: -item[1])
    return ", ".join(f"{part} {value:.1f}" for part, value in largest if abs(value) >= 0.5)
