"""How the level of pressure stands, ready for a template without logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError

from events import pressure, shedding
from events.models import PressureChange
from events.pressure import Reading

NAMES = ("None", "Some", "Much", "Too much")


@dataclass(frozen=True)
class SignalLine:
    """A signal: its value in words and as a bar up to the highest threshold, and the thresholds."""

    key: str
    label: str
    is_known: bool
    used: int
    limit: int
    unit: str
    note: str
    speaks_for: int

    @classmethod
    def of(cls, reading: Reading) -> SignalLine:
        signal = reading.signal
        said = [(n, each) for n, each in enumerate(signal.thresholds, 1) if each is not None]
        return cls(
            key=signal.key,
            label=signal.label,
            is_known=reading.value is not None,
            used=round(reading.value or 0),
            limit=round(said[-1][1]),
            unit=signal.unit,
            note=", ".join(f"level {n} from {each:g} {signal.unit}" for n, each in said),
            speaks_for=reading.speaks_for,
        )


@dataclass(frozen=True)
class MeasureLine:
    """What is left out from a level on, whether it is now, and how often it was."""

    level: int
    words: str
    holds: bool
    count: int


@dataclass(frozen=True)
class PressurePage:
    """Everything on the page. `changes` None: the database does not answer."""

    at: datetime
    level: int
    name: str
    standing: shedding.Standing
    by_hand: bool
    signals: Sequence[SignalLine]
    measures: Sequence[MeasureLine]
    changes: Sequence[PressureChange] | None

    @classmethod
    def of(cls, *, now: datetime | None = None) -> PressurePage:
        """As this process knows it."""
        now = now or datetime.now(UTC)
        level, standing, counts = shedding.level(now=now), shedding.known(), shedding.counts()
        return cls(
            at=now,
            level=level,
            name=NAMES[level],
            standing=standing,
            by_hand=standing.is_by_hand(now),
            signals=[SignalLine.of(each) for each in pressure.readings()],
            measures=[
                MeasureLine(each.level, each.words, each.level <= level, counts.get(each.key, 0))
                for each in shedding.measures()
            ],
            changes=_changes(),
        )

    @property
    def tone(self) -> str:
        """The kind of the notice."""
        return ("success", "info", "warn", "error")[self.level]


def _changes() -> list[PressureChange] | None:
    try:
        return pressure.history()
    except (DatabaseError, InterfaceError):
        return None
