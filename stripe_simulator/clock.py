"""The one clock. Everything that asks for the time asks here, in whole seconds since 1970 UTC.

A customer on a Stripe test clock lives in that clock's frozen time; all others in real time.
"""

import time
from collections.abc import Callable


class Clock:
    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source

    def now(self) -> int:
        return int(self._source())
