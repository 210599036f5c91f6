"""What a meter is: a named aggregation over one kind of event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

Aggregation = Literal["count", "sum", "max", "latest", "unique"]
PeriodKind = Literal["month", "lifetime"]
Scalar = str | int | float | bool | UUID

PERSON = "person"  # what an event has besides its properties, for group_by, filters and "unique"
ANONYMOUS_ID = "anonymous_id"


class CatalogueError(ImproperlyConfigured):
    """The product's METERS contradict themselves or the registered events."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A named aggregation over one kind of event.

    "count" counts the events. "sum" adds up their number `property`, which may be negative: what
    exists now (links, bytes) is the lifetime sum of its changes. "max" is its highest value,
    "latest" its value in the last event (by time, then id). "unique" counts the different values of
    `property`: a text, number, flag or UUID, or the event's "person" or "anonymous_id"; an event
    without one is not counted.

    `filters` keep the events whose property is the given value, or one of a tuple of values;
    `excludes` leave out those whose property is one, and keep those that do not have it.
    `beside` names the meter that counts what this one leaves out, or the other way round: the two
    together are what happened in all. It is told beside that one, not as a thing of its own.
    `burst`: so many within an hour are told to owners and admins (`bursts.py`).
    `group_by` names the properties (or "person") that questions may group by and filter on; each
    combination of their values that occurs in an hour costs a row. A "month" meter starts again
    with each billing period, a "lifetime" meter never does. `unit` is "" for things, or "bytes", or
    any word.
    """

    key: str
    label: str
    event: str
    aggregation: Aggregation
    property: str | None = None
    unit: str = ""
    period: PeriodKind = "month"
    description: str = ""
    filters: Mapping[str, Scalar | tuple[Scalar, ...]] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    excludes: Mapping[str, Scalar | tuple[Scalar, ...]] = field(default_factory=dict)
    beside: str | None = None
    burst: int | None = None
