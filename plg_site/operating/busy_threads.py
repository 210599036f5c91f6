"""How busy the threads of a web process are, for the level of pressure and for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from events import pressure, shedding
from events.metrics import Counter, Level

if TYPE_CHECKING:
    from plg_site.patience.threads import Threads

GAUGE = "web_threads"
BUSY = Level("plg_web_threads_busy", "Threads of web that work, and requests that wait for one")
THREADS = Level("plg_web_threads", "Threads that web may have")
HUNG_UP = Counter(
    "plg_web_hung_up_total", "Requests that nobody waited for any more when a thread was free"
)
_REMEMBERS = 0.7  # of the value before: a second in which all were busy is no pressure yet


def tell(threads: Threads) -> None:
    """Say it from now on, once a second."""
    pressure.gauge(GAUGE, Smoothed(threads).share)
    shedding.follow()


class Smoothed:
    """The share over the last seconds, in percent."""

    def __init__(self, threads: Threads) -> None:
        self._threads, self._value, self._told = threads, 0.0, 0

    def share(self) -> float:
        """More than 100 where requests wait for a thread."""
        now = 100 * self._threads.busy_share()
        self._value = _REMEMBERS * self._value + (1 - _REMEMBERS) * now
        BUSY.put(round(self._value / 100 * self._threads.most, 2))
        THREADS.put(self._threads.most)
        if new := self._threads.hung_up - self._told:
            self._told += new
            HUNG_UP.add(new)
        return self._value
