"""Looks at the signals now and then, and changes the level when they have spoken for long enough.

A thread of the processes that work in the background; one of them decides, and another one goes on
when it has not done so for some seconds. Without Redis all of them decide, and the first one counts.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from django.db import DatabaseError, InterfaceError, connection

from events import conf
from events.pressure import changes, signals
from events.pressure.hysteresis import Hysteresis
from events.pressure.signals import Reading
from events.redis import UNAVAILABLE, Keys, Script, quick
from events.shedding import Standing, follow, tell
from events.shedding.standing import stored

log = structlog.get_logger()
EVERY = 2.0  # seconds
_HELD = 7_000  # ms that one decides without saying so again
_WAITS = 5.0  # seconds for it at the end of a process

# KEYS: who decides. ARGV: who asks, for how long (ms).
_MINE = Script(
    """
local holds = redis.call('GET', KEYS[1])
if holds and holds ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
""",
    when_full=True,
)


class Watch:
    """One process's part in it."""

    def __init__(self) -> None:
        self._name = f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}"
        self._hysteresis = Hysteresis()

    def look(self, *, now: datetime | None = None, seconds: float | None = None) -> Standing | None:
        """Decide, if it is this one's to do. `now` is the time of day, `seconds` that of a clock which
        goes on. None: another one decides."""
        if not self._is_mine():
            self._hysteresis = Hysteresis()
            return None
        now = now or datetime.now(UTC)
        changes.end_what_is_over(now=now)
        standing = stored()
        most = conf.pressure_by_itself()
        read = signals.readings() if most else ()
        at = time.monotonic() if seconds is None else seconds
        own = min(most, self._hysteresis.step(standing.own, read, now=at)) if most else 0
        if own != standing.own:
            standing = changes.by_itself(own, because=_why(own, standing.own, read), now=now)
        tell(standing, surely=True)  # Redis may have lost it
        return standing

    def run(self, stop: threading.Event) -> None:
        """Until it is told to stop."""
        follow()
        while not stop.wait(EVERY):
            try:
                self.look()
            except (DatabaseError, InterfaceError) as error:
                log.info("pressure_not_decided", error=str(error).splitlines()[0])
            except Exception:
                log.exception("pressure_not_decided")
            finally:
                connection.close()

    def _is_mine(self) -> bool:
        try:
            held = _MINE.run(
                quick(conf.redis_url()), [Keys(conf.stream()).watching], [self._name, _HELD]
            )
        except UNAVAILABLE:
            return True
        return bool(held)


@contextmanager
def beside() -> Iterator[None]:
    """Watch while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=Watch().run, args=[stop], name="pressure-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_WAITS)


def _why(own: int, before: int, read: Sequence[Reading]) -> str:
    if own < before:
        return "It has been calm for some minutes." if read else "Signals are not asked."
    spoke = [each for each in read if each.speaks_for >= own]
    return "; ".join(f"{each.signal.label}: {in_words(each)}" for each in spoke)


def in_words(reading: Reading) -> str:
    """Like "85 %", "12 s" or "not known"."""
    if reading.value is None:
        return "not known"
    value = reading.value
    number = f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"
    unit = reading.signal.unit
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number
