"""The threads that answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

from plg_site.patience.connection import Arriving


class Threads:
    """Threads that do one thing with what they are given; started when they are needed."""

    def __init__(self, serve: Callable[[Arriving], None], *, most: int) -> None:
        self._serve, self.most = serve, most
        self._given: SimpleQueue[Arriving | None] = SimpleQueue()
        # Counters that threads share without a lock.
        self._free: list[None] = []
        self._at_work: list[None] = []
        self._started = 0
        self.hung_up = 0  # who was gone when a thread was free, so far

    def submit(self, conn: Arriving) -> None:
        """To a free thread, to a new one, or to the first that will be free. By one thread only."""
        try:
            self._free.pop()
        except IndexError:
            if self._started < self.most:
                self._started += 1
                threading.Thread(target=self._run, name=f"web-{self._started}").start()
        self._given.put(conn)

    def busy_share(self) -> float:
        """How many are at work or asked for, of all there may be: more than 1 where some wait."""
        return (len(self._at_work) + self._given.qsize()) / self.most

    def shutdown(self, wait: bool = True) -> None:
        """End them once they have nothing to do; the interpreter waits for that."""
        for _ in range(self._started):
            self._given.put(None)

    def _run(self) -> None:
        while (conn := self._given.get()) is not None:
            self._at_work.append(None)
            self._serve(conn)
            self._at_work.pop()
            self._free.append(None)
