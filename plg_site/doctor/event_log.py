"""Whether events are stored as they come: how long the oldest has waited, and what nobody will store."""

from __future__ import annotations

from collections.abc import Iterator

from events import health
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Event log"
_DO = "Does manage.py consume_events run, and does the event store answer?"


def look() -> Iterator[Finding]:
    lag = health.lag()
    behind = lag.behind()
    facts = {
        "waiting": lag.waiting, "outbox": lag.outbox, "spool_bytes": lag.spool_bytes,
        "behind_seconds": round(behind.total_seconds(), 1),
    }  # fmt: skip
    for part in lag.unknown:
        yield problem(
            f"the {part} does not answer", "Events go another way until it does; mend it."
        )
    if behind > health.BEHIND:
        yield problem(
            f"the oldest of the events that wait came {behind.total_seconds():,.0f} s ago",
            _DO,
            **facts,
        )
    elif lag.fill >= health.FULL:
        yield problem(
            f"the stream is {lag.fill:.0%} full; then events go to the spool", _DO, **facts
        )
    elif not lag.unknown:
        yield fine(f"{lag.waiting + lag.outbox:,} events wait", **facts)
    if lag.spool_bytes:
        yield warning(
            f"{lag.spool_bytes:,} bytes of events wait on the disk of this machine",
            "They go into the store once it answers; look whether Redis takes events.",
            **facts,
        )
    if lag.dead:
        yield warning(
            f"{lag.dead:,} events could not be stored",
            "Look at them: manage.py dead_letters list; then replay or drop.",
            dead=lag.dead,
        )
