"""The typed definitions of meters. The product has its own in `PRODUCT_APP.catalogue.METERS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib import import_module
from math import floor
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from metering.values import EXACT

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


@dataclass(frozen=True)
class UsagePrice:
    """What usage costs: `amount` (minor currency units) for each `per` units of the meter.

    Exact, and rounded half up once for a meter and period: amount * quantity / per.
    """

    amount: int
    per: int = 1

    def __post_init__(self) -> None:
        if self.amount < 0 or self.per < 1:
            raise ValueError("A usage price is not negative, for one unit or more.")

    @classmethod
    def stored(cls, amount: int | None, per: int | None) -> UsagePrice | None:
        """The price that two columns hold; None where there is none."""
        return None if amount is None or per is None else cls(amount, per)

    def cost(self, quantity: Decimal | int) -> int:
        """What so many units cost, in minor units; a quantity below zero costs nothing."""
        exact = Fraction(quantity) * self.amount / self.per
        return max(0, floor(exact + Fraction(1, 2)))


@dataclass(frozen=True)
class Limit:
    """How much of a meter a plan includes (None: no limit). Only a hard limit ever refuses.

    `price` is what each unit above a soft limit costs; None: nothing. A limit that the workspace
    has set for itself is its `own`, always hard; `included` is then what its plan includes.
    """

    value: int | None
    hard: bool = True
    price: UsagePrice | None = None
    own: bool = False
    included: int | None = None

    @property
    def refuses(self) -> bool:
        """Whether more than this is ever refused."""
        return self.hard and self.value is not None

    def capped(self, most: int) -> Limit:
        """This limit with one of the workspace's own, where that is lower than what is refused."""
        if self.hard and self.value is not None and self.value <= most:
            return self
        return Limit(most, hard=True, price=self.price, own=True, included=self.value)

    def above(self, used: Decimal | int) -> Decimal:
        """How much of what was used is not included, exact."""
        included = self.included if self.own else self.value
        if included is None:
            return Decimal(0)
        return max(Decimal(0), EXACT.subtract(Decimal(used), Decimal(included)))

    def cost(self, used: Decimal | int) -> int:
        """What a period with this usage costs, in minor units: the price of what is above."""
        return self.price.cost(self.above(used)) if self.price else 0


@cache
def meters() -> Mapping[str, Meter]:
    """The product's meters by key, in its order. Raises CatalogueError."""
    from metering.definitions import check  # it reads Meter

    listed: Iterable[Meter] = import_module(f"{settings.PRODUCT_APP}.catalogue").METERS
    found: dict[str, Meter] = {}
    for meter in listed:
        if meter.key in found:
            raise CatalogueError(f'Two meters have the key "{meter.key}".')
        check(meter)
        found[meter.key] = meter
    for meter in found.values():
        if meter.beside is not None and meter.beside not in found:
            raise CatalogueError(f'{meter.key}: there is no meter "{meter.beside}" to be beside.')
    return found


def shown() -> Mapping[str, Meter]:
    """The meters that are told of on their own."""
    return {key: meter for key, meter in meters().items() if meter.beside is None}


def beside(key: str) -> Meter | None:
    """The meter that is told of beside this one."""
    return next((meter for meter in meters().values() if meter.beside == key), None)


def get(key: str) -> Meter:
    """The meter of this key. Raises KeyError with the known ones."""
    try:
        return meters()[key]
    except KeyError:
        raise KeyError(f'No meter "{key}"; the catalogue has {", ".join(meters())}.') from None
