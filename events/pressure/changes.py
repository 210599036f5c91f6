"""The level changes: a line that stays, an event in the same transaction, and word to all processes.

The newest line is what holds. Its number is a key, so of two who decide at the same moment one has
come first, and the other decides anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import structlog
from django.db import IntegrityError, transaction

from events.event_types import PRESSURE_CHANGED
from events.models import PressureChange
from events.recording import record_with_row
from events.shedding import HIGHEST, Standing, tell
from events.shedding.standing import stored

log = structlog.get_logger()
THE_SYSTEM = "the system"
LONGEST = timedelta(days=14)  # by hand
_TRIES = 10
Said = dict[str, Any]  # fields of a Standing that change


class Refused(ValueError):
    """It cannot be set like that; the message says why."""


def by_hand(
    level: int,
    *,
    until: datetime,
    because: str,
    by: str,
    person: UUID | None = None,
    now: datetime | None = None,
) -> Standing:
    """Set at least `level` until then (aware), whatever the signals say; 0: none, whatever they say.

    `by` is who does it, in words, `person` their UUID where they are known. Raises Refused.
    """
    now = now or datetime.now(UTC)
    if not 0 <= level <= HIGHEST:
        raise Refused(f"A level is 0 to {HIGHEST}.")
    if not because.strip():
        raise Refused("Say why: others will ask.")
    if until.tzinfo is None:
        raise Refused("Say the time zone, such as 18:00Z.")
    if not now < until <= now + LONGEST:
        raise Refused(f"It ends in the future, {LONGEST.days} days from now at the latest.")
    said: Said = {"hand": level, "until": until.astimezone(UTC), "because": because.strip()[:300]}
    return _change(lambda seen: said, by=by, person=person, now=now)


def end_by_hand(
    *, by: str, because: str = "", person: UUID | None = None, now: datetime | None = None
) -> Standing:
    """The signals alone decide again. Nothing where they do already."""
    now = now or datetime.now(UTC)
    said: Said = {"hand": None, "until": None, "because": because.strip()[:300] or "It is over."}
    return _change(lambda seen: None if seen.hand is None else said, by=by, person=person, now=now)


def by_itself(own: int, *, because: str, now: datetime | None = None) -> Standing:
    """The signals have led to this level."""
    now = now or datetime.now(UTC)
    said: Said = {"own": own, "because": because[:300]}
    return _change(lambda seen: None if seen.own == own else said, by=THE_SYSTEM, now=now)


def end_what_is_over(*, now: datetime | None = None) -> Standing:
    """What was set by hand ends by itself; this writes down that it did."""
    now = now or datetime.now(UTC)
    said: Said = {"hand": None, "until": None, "because": "The time that was set by hand is over."}

    def ends(seen: Standing) -> Said | None:
        return said if seen.hand is not None and not seen.is_by_hand(now) else None

    return _change(ends, by=THE_SYSTEM, now=now)


def history(most: int = 20) -> list[PressureChange]:
    """The last changes, the newest first."""
    return list(PressureChange.objects.order_by("-version")[:most])


def _change(
    decide: Callable[[Standing], Said | None],
    *,
    by: str,
    now: datetime,
    person: UUID | None = None,
) -> Standing:
    """Write the line after the newest one, as `decide` says of that; None: there is nothing to do."""
    for _ in range(_TRIES):
        seen = stored()
        said = decide(seen)
        if said is None:
            return seen
        new = msgspec.structs.replace(seen, **said, version=seen.version + 1, by=by[:254], at=now)
        try:
            with transaction.atomic():
                _write(seen, new, now=now, person=person)
        except IntegrityError:  # somebody else was faster
            continue
        return new
    raise Refused("Others change it at this moment. Please try again.")


def _write(seen: Standing, new: Standing, *, now: datetime, person: UUID | None) -> None:
    before, level = seen.level(now), new.level(now)
    PressureChange.objects.create(level=level, **msgspec.structs.asdict(new))
    is_by_hand = new.by != THE_SYSTEM
    record_with_row(
        PRESSURE_CHANGED.name,
        person=person,
        properties={
            "before": before, "level": level, "by_hand": is_by_hand, "because": new.because,
        },
    )  # fmt: skip
    transaction.on_commit(partial(_say, before, level, new))


def _say(before: int, level: int, new: Standing) -> None:
    log.warning("pressure_changed", before=before, level=level, by=new.by, because=new.because)
    tell(new)
