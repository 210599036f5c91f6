"""A signal whose value the test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from events.pressure import Reading, Signal, signals


class Said:
    """`value` is what the signal reads."""

    def __init__(self, value: float | None = 0.0) -> None:
        self.value = value

    def signal(self, key: str = "said") -> Signal:
        return Signal(key, "What is said", (10, 50, 100), lambda: self.value, "s")

    def reading(self) -> Reading:
        return Reading(self.signal(), self.value)


@contextmanager
def only(*wanted: Signal) -> Iterator[None]:
    """These signals and no others."""
    before = dict(signals._registered)
    signals._registered.clear()
    signals.register(*wanted)
    try:
        yield
    finally:
        signals._registered.clear()
        signals._registered.update(before)
