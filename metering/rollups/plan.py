"""Takes a question to pieces: which part of each window comes from which rollup, and which not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from events.event import AHEAD
from metering import conf
from metering.definitions.catalogue import get
from metering.definitions.meter import Meter
from metering.definitions.values import dimension
from metering.periods.windows import after, split, zone
from metering.rollups.protocol import Piece, Plan, Source
from metering.rollups.question import Question

TENANT = "tenant"
Bounds = tuple[datetime | None, datetime | None]
_LENGTHS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
_GRAINS: tuple[Source, ...] = ("day", "hour", "minute")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WrongQuestion(ValueError):
    """The question has no answer, or too long a one. Says why."""


@dataclass(frozen=True)
class Planned:
    """A plan, and the windows that its pieces count."""

    plan: Plan
    windows: Sequence[Bounds]


def plan(
    tenant: str | None, question: Question, *, now: datetime, raw_from: datetime | None = None
) -> Planned:
    """How to answer the question about a workspace. Raises KeyError, WrongQuestion.

    From `raw_from` on, what no rollup is asked for: raw events alone.
    """
    meter = get(question.meter)
    asked = {*question.group_by, *question.filters}
    _check_dimensions(meter, question, asked, tenant)
    windows = _windows(question, now)
    broken_down = bool(asked - {TENANT})
    grains = _GRAINS[:2] if broken_down or meter.aggregation == "unique" else _GRAINS
    pieces: dict[Source, list[Piece]] = {}
    for number, (start, end) in enumerate(windows):
        for source, piece_start, piece_end in _taken_to_pieces(start, end, grains, now, raw_from):
            pieces.setdefault(source, []).append(Piece(number, piece_start, piece_end))
    return Planned(
        Plan(
            meter=meter,
            tenant=tenant,
            pieces=pieces,
            group_by=tuple(question.group_by),
            filters={name: _as_kept(values) for name, values in question.filters.items()},
            broken_down=broken_down,
            single=_is_single(meter, pieces, asked, len(windows), tenant),
            top=question.top,
            most=conf.most_rows(),
        ),
        windows,
    )


def _check_dimensions(
    meter: Meter, question: Question, asked: set[str], tenant: str | None
) -> None:
    known = {*meter.group_by} if tenant is not None else {*meter.group_by, TENANT}
    if unknown := asked - known:
        has = ", ".join(sorted(known)) or "none"
        raise WrongQuestion(
            f'The meter "{meter.key}" has no dimension "{min(unknown)}"; it has {has}.'
        )
    if len(set(question.group_by)) < len(question.group_by):
        raise WrongQuestion("The groups name a dimension twice.")
    if question.top is not None and question.top < 1:
        raise WrongQuestion("The top groups must be at least one.")
    if question.top is not None and not question.group_by:
        raise WrongQuestion("Only groups have a top.")


def _windows(question: Question, now: datetime) -> list[Bounds]:
    start, end = _utc(question.start), _utc(question.end)
    tz = _zone(question.time_zone)
    if question.window is None:
        return [(start, end)]
    if question.window not in ("minute", "hour", "day", "month"):
        raise WrongQuestion(f'A window is a minute, hour, day or month, not "{question.window}".')
    if start is None:
        raise WrongQuestion("Windows need a start.")
    end = end or after(now + AHEAD, question.window, tz=tz)
    found: list[Bounds] = []
    for window in split(start, end, question.window, tz=tz):
        found.append(window)
        if len(found) > conf.most_rows():
            raise WrongQuestion(f"There are more than {conf.most_rows():,} windows in this span.")
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return zone(name)
    except ValueError as error:
        raise WrongQuestion(str(error)) from None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise WrongQuestion("A start or end needs a time zone.")
    return moment.astimezone(UTC)


def _as_kept(values: object) -> tuple[str | None, ...]:
    if isinstance(values, str):
        raise WrongQuestion("A filter is a collection of values.")
    return tuple(None if value is None else dimension(str(value)) for value in values)  # type: ignore[attr-defined]


def _is_single(
    meter: Meter,
    pieces: dict[Source, list[Piece]],
    asked: set[str],
    windows: int,
    tenant: str | None,
) -> bool:
    """Whether each window is one bucket, whose number is the answer as it stands."""
    if asked or tenant is None or "raw" in pieces:
        return False
    return sum(len(found) for found in pieces.values()) == windows and all(
        piece.start and piece.end and piece.end - piece.start == _LENGTHS[source]
        for source, found in pieces.items()
        for piece in found
    )


def _taken_to_pieces(
    start: datetime | None,
    end: datetime | None,
    grains: Sequence[Source],
    now: datetime,
    raw_from: datetime | None,
) -> list[tuple[Source, datetime | None, datetime | None]]:
    if raw_from is None:
        return _cut(start, end, grains)
    # No event lies further ahead of the time at which it was received.
    end = end or now.astimezone(UTC) + AHEAD + _LENGTHS["day"]
    begin = raw_from if start is None else max(start, raw_from)
    before = _cut(start, min(end, raw_from), grains) if start != begin else []
    return [*before, *_cut(begin, end, ())]


def _cut(
    start: datetime | None, end: datetime | None, grains: Sequence[Source]
) -> list[tuple[Source, datetime | None, datetime | None]]:
    """The whole buckets of the longest grain, and what is left before and after them."""
    if start is not None and end is not None and start >= end:
        return []
    if not grains:
        return [("raw", start, end)]
    grain, finer = grains[0], grains[1:]
    first = None if start is None else _ceil(start, grain)
    last = None if end is None else _floor(end, grain)
    if first is not None and last is not None and first >= last:
        return _cut(start, end, finer)
    before = _cut(start, first, finer) if first is not None else []
    behind = _cut(last, end, finer) if last is not None else []
    return [*before, (grain, first, last), *behind]


def _floor(moment: datetime, grain: Source) -> datetime:
    return moment - (moment - _EPOCH) % _LENGTHS[grain]


def _ceil(moment: datetime, grain: Source) -> datetime:
    return moment + (_EPOCH - moment) % _LENGTHS[grain]
