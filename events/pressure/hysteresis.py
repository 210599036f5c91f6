"""When a level that the signals speak for is taken, and when it is left: not with every flicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from events.pressure.signals import Reading

RISES_AFTER = 6.0  # seconds that signals speak for a higher level
FALLS_AFTER = 120.0  # seconds of calm for each level down


@dataclass
class Hysteresis:
    """Up as far as the signals have spoken for all the time, down one level at a time."""

    _above_since: float | None = None
    _above: int = 0
    _below_since: float | None = None

    def step(self, own: int, readings: Sequence[Reading], *, now: float) -> int:
        """The level after `own`, with what the signals say at `now` (s, of any clock that goes on).

        Where no signal is known the level stays.
        """
        known = [each for each in readings if each.value is not None]
        if not known:
            self._above_since = self._below_since = None
            return own
        wanted = max(each.speaks_for for each in known)
        holds = max(each.holds for each in known)
        return self._up(own, wanted, now) or self._down(own, holds, now)

    def _up(self, own: int, wanted: int, now: float) -> int:
        """The higher level; 0 where there is no reason for one."""
        if wanted <= own:
            self._above_since = None
            return 0
        if self._above_since is None:
            self._above_since, self._above = now, wanted
        self._above = min(self._above, wanted)
        if now - self._above_since < RISES_AFTER:
            return 0
        self._above_since = self._below_since = None
        return self._above

    def _down(self, own: int, holds: int, now: float) -> int:
        if holds >= own:
            self._below_since = None
            return own
        if self._below_since is None:
            self._below_since = now
        if now - self._below_since < FALLS_AFTER:
            return own
        self._below_since = now
        return own - 1
