"""Whether what is in the rollups may be believed: it was made by the code that reads it.

Where it was not (a definition changed and nothing was rebuilt, an older version's consumer goes on,
tables are left over from another one), questions are answered from the raw events until a rebuild is
complete: slowly, and right. Asked of the store at most every KNOWN_FOR seconds in a process.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Lock

import structlog

from events import conf
from metering.rollups import rebuild

log = structlog.get_logger()

KNOWN_FOR = 30.0  # seconds
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_lock = Lock()
_known: dict[
    str, tuple[float, frozenset[str]]
] = {}  # by store: until when, and the doubtful meters


def raw_from(meter: str) -> datetime | None:
    """From which instant on raw events answer for this meter; None: its rollups are good.

    What was archived before that cannot be counted again, and stays as it was counted.
    Raises StoreUnavailable.
    """
    if meter not in doubtful():
        return None
    first = rebuild.first_day()
    return _EVER if first is None else datetime(first.year, first.month, first.day, tzinfo=UTC)


def doubtful() -> frozenset[str]:
    """The meters whose rollups must not be asked. Raises StoreUnavailable."""
    store = conf.database_url()
    until, found = _known.get(store, (0.0, frozenset[str]()))
    if time.monotonic() < until:
        return found
    with _lock:
        before = _known.get(store, (0.0, frozenset[str]()))
        if time.monotonic() < before[0]:  # another thread has just asked
            return before[1]
        found = rebuild.doubtful()
        _known[store] = time.monotonic() + KNOWN_FOR, found
    if found != before[1]:
        log.warning("rollups_doubted", meters=sorted(found))
    return found


def forget() -> None:
    """Ask the store again."""
    _known.clear()
