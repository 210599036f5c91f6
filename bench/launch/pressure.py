"""Looks once a second at the level of pressure and at what speaks for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Seen:
    """`levels`: each with the second (from the first look) at which it began. `most`: by the label of a
    signal, the highest value, with its unit."""

    began: float = field(default_factory=time.monotonic)
    levels: list[tuple[float, int]] = field(default_factory=list)
    most: dict[str, tuple[float, str]] = field(default_factory=dict)

    def look(self) -> int:
        from datetime import UTC, datetime

        from events.pressure import signals
        from events.shedding.standing import stored

        level = stored().level(datetime.now(UTC))
        if not self.levels or self.levels[-1][1] != level:
            self.levels.append((time.monotonic() - self.began, level))
        for reading in signals.readings():
            value, unit, label = reading.value, reading.signal.unit, reading.signal.label
            if value is not None and value >= self.most.get(label, (0.0, ""))[0]:
                self.most[label] = (value, unit)
        return level

    @property
    def highest(self) -> int:
        return max(level for _, level in self.levels)

    @property
    def in_words(self) -> str:
        levels = ", ".join(f"{level} from {at:.0f} s" for at, level in self.levels)
        most = "; ".join(
            f"{label}: {value:.0f} {unit}" for label, (value, unit) in self.most.items()
        )
        return f"level {levels}; at most {most}"


@contextmanager
def watched() -> Iterator[Seen]:
    """Looks while the block runs."""
    from django.db import connection

    seen, stop = Seen(), threading.Event()
    seen.look()

    def looks() -> None:
        while not stop.wait(1.0):
            seen.look()
        connection.close()

    thread = threading.Thread(target=looks, name="looks at pressure")
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def until_calm(seen: Seen, *, within: float) -> float | None:
    """Seconds until nothing gives way any more; None where that was not seen within so many."""
    began = time.monotonic()
    while seen.look():
        if time.monotonic() - began > within:
            return None
        time.sleep(1.0)
    return time.monotonic() - began
