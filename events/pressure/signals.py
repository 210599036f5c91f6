"""What tells of pressure: numbers, and from which value on each speaks for a level.

Whoever knows such a number registers it in `ready`; nothing here knows what it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from events.shedding import HIGHEST

log = structlog.get_logger()
LEAVES = 0.7  # a level is left below this part of the value that led to it
Thresholds = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Signal:
    """`read()` gives the value, None where it is not known. `thresholds` are the values that speak for
    level 1, 2 and 3, rising; None: it never speaks for this one. `unit` is "s", "ms" or "%" (of 100).
    """

    key: str
    label: str
    thresholds: Thresholds
    read: Callable[[], float | None]
    unit: str = ""

    def __post_init__(self) -> None:
        said = [each for each in self.thresholds if each is not None]
        if len(self.thresholds) != HIGHEST or not said or said != sorted(set(said)):
            raise ValueError(f"{self.key}: thresholds are {HIGHEST} values that rise.")


@dataclass(frozen=True)
class Reading:
    """A signal and its value at this moment."""

    signal: Signal
    value: float | None

    @property
    def speaks_for(self) -> int:
        """The level that the value leads to."""
        return self._highest(1.0)

    @property
    def holds(self) -> int:
        """The level that is not left yet with this value."""
        return self._highest(LEAVES)

    def _highest(self, part: float) -> int:
        value = self.value
        if value is None:
            return 0
        reached = [
            number
            for number, least in enumerate(self.signal.thresholds, start=1)
            if least is not None and value >= least * part
        ]
        return max(reached, default=0)


_registered: dict[str, Signal] = {}


def register(*signals: Signal) -> None:
    """Ask these, too; one of the same key is replaced."""
    for signal in signals:
        _registered[signal.key] = signal


def readings() -> Sequence[Reading]:
    """All signals now. One that fails is not known; the others are."""
    return [Reading(signal, _value(signal)) for signal in _registered.values()]


def _value(signal: Signal) -> float | None:
    try:
        return signal.read()
    except Exception as error:
        log.warning("pressure_signal_failed", signal=signal.key, error=str(error))
        return None
