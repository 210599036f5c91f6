"""By what people are looked for besides name and address: the apps above add theirs in `ready`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from identity.models import Person

Narrow = Callable[["QuerySet[Person]", str], "QuerySet[Person]"]


@dataclass(frozen=True)
class Filter:
    """A field of the search form. `narrow(rows, text)` leaves those that fit what was typed."""

    key: str
    label: str
    narrow: Narrow


_filters: dict[str, Filter] = {}


def register(each: Filter) -> None:
    """Let people be looked for by it."""
    _filters[each.key] = each


def registered() -> Sequence[Filter]:
    return list(_filters.values())
