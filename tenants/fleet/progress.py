"""How far a long run is: a bar that is drawn over on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from typing import TextIO

_WIDTH = 30
_DRAW_EVERY, _SAY_EVERY = 0.1, 5.0  # seconds


class Progress:
    """Counts up to `total` and says when it may be over, by the pace since its start."""

    def __init__(self, total: int, *, out: TextIO) -> None:
        self.total, self.done, self.failed = total, 0, 0
        self._out = out
        self._draws = out.isatty()
        self._started = self._shown_at = time.monotonic()

    def one(self, *, failed: bool = False) -> None:
        """One more is over."""
        self.done += 1
        self.failed += failed
        now = time.monotonic()
        if now - self._shown_at >= (_DRAW_EVERY if self._draws else _SAY_EVERY):
            self._shown_at = now
            self._out.write(f"\r\033[K{self.line}" if self._draws else f"{self.line}\n")
            self._out.flush()

    def end(self) -> None:
        """Take the bar away; what came of it is said elsewhere."""
        if self._draws:
            self._out.write("\r\033[K")
            self._out.flush()

    @property
    def line(self) -> str:
        filled = _WIDTH * self.done // max(self.total, 1)
        failed = f", {self.failed:,} failed" if self.failed else ""
        bar = "█" * filled + "░" * (_WIDTH - filled)
        return f"  {bar} {self.done:,} of {self.total:,}{failed}, {self.left}"

    @property
    def left(self) -> str:
        """The time that the rest may take, in words."""
        passed = time.monotonic() - self._started
        if self.done >= self.total:
            return f"took {in_words(passed)}"
        if not self.done:
            return "about to begin"
        return f"{in_words(passed / self.done * (self.total - self.done))} left"


def in_words(seconds: float) -> str:
    """12 s, 3 min 20 s, 1 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
