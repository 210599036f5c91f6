"""The one clock. Everything that asks for the time asks here, in whole seconds since 1970 UTC.

`skipped` seconds were skipped on the dashboard: they are added for good (store.py keeps them). A
customer on a Stripe test clock lives in that clock's frozen time instead (`State.at`).
"""

import time
from collections.abc import Callable


class Clock:
    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self.skipped = 0

    def now(self) -> int:
        return int(self._source()) + self.skipped
