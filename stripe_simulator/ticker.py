"""The thread that lets time pass: every second it does what rules/due.py finds due."""

import logging
import threading

from stripe_simulator.rules import due
from stripe_simulator.store import Store

log = logging.getLogger("stripe_simulator.ticker")

_EVERY_SECONDS = 1.0


class TickerThread(threading.Thread):
    def __init__(self, store: Store) -> None:
        super().__init__(name="ticker", daemon=True)
        self._store = store
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            try:
                with self._store.transaction() as state:
                    due.run(state)
            except Exception:
                log.exception("what was due could not be done")

    def stop(self) -> None:
        self._stopping.set()
        self.join(timeout=5)
