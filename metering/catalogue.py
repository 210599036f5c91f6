"""The typed definitions of meters. The product has its own in `PRODUCT_APP.catalogue.METERS`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Literal

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from events import registry

Aggregation = Literal["count", "sum"]
PeriodKind = Literal["month", "lifetime"]
Unit = Literal["", "bytes"]


class CatalogueError(ImproperlyConfigured):
    """The product's METERS contradict themselves or the registered events."""


@dataclass(frozen=True, kw_only=True)
class Meter:
    """A named sum over one kind of event.

    "count" counts the events; "sum" adds up their number `property`, which may be negative: what
    exists now (links, bytes) is the lifetime sum of its changes. A "month" meter starts again with
    each billing period, a "lifetime" meter never does. `unit` is "" for things, or "bytes".
    """

    key: str
    label: str
    event: str
    aggregation: Aggregation
    property: str | None = None
    unit: Unit = ""
    period: PeriodKind = "month"
    description: str = ""


@dataclass(frozen=True)
class Limit:
    """How much of a meter a plan includes (None: no limit). Only a hard limit ever refuses."""

    value: int | None
    hard: bool = True


@cache
def meters() -> Mapping[str, Meter]:
    """The product's meters by key, in its order. Raises CatalogueError."""
    listed: Iterable[Meter] = import_module(f"{settings.PRODUCT_APP}.catalogue").METERS
    found: dict[str, Meter] = {}
    for meter in listed:
        if meter.key in found:
            raise CatalogueError(f'Two meters have the key "{meter.key}".')
        _check(meter)
        found[meter.key] = meter
    return found


def get(key: str) -> Meter:
    """The meter of this key. Raises KeyError with the known ones."""
    try:
        return meters()[key]
    except KeyError:
        raise KeyError(f'No meter "{key}"; the catalogue has {", ".join(meters())}.') from None


def _check(meter: Meter) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", meter.key):
        raise CatalogueError(f'The meter key "{meter.key}" must be small letters, digits and "_".')
    if meter.event not in registry.names():
        raise CatalogueError(f'{meter.key}: no app registered the event "{meter.event}".')
    if meter.aggregation == "count":
        if meter.property is not None:
            raise CatalogueError(
                f'{meter.key}: a count has no property (found "{meter.property}").'
            )
    elif meter.property not in registry.get(meter.event).numbers():
        raise CatalogueError(
            f'{meter.key}: "{meter.event}" needs a number property "{meter.property}" that is '
            f"always given (int, float or Decimal, without None)."
        )
