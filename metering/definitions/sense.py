"""Whether a meter's definition makes sense, over the events that are registered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Any, get_args
from uuid import UUID

from events import registry
from metering import conf
from metering.definitions.format import FORMAT
from metering.definitions.meter import ANONYMOUS_ID, PERSON, CatalogueError, Meter, Scalar

AGGREGATIONS = ("count", "sum", "max", "latest", "unique")
MOST_DIMENSIONS = 8
_PERIODS = ("month", "lifetime")
_DISTINCT = {str, int, float, bool, UUID}  # a Decimal is recorded as text: "1.0" and "1.00" differ
_GROUPED = {str, int, bool, UUID}
_RESERVED = {PERSON, ANONYMOUS_ID, "tenant"}


def check(meter: Meter) -> None:
    """Raises CatalogueError, which says in words what is wrong with it."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", meter.key) or len(meter.key) > 60:
        raise _wrong(meter, 'the key must be at most 60 small letters, digits and "_"')
    if meter.event not in registry.names():
        raise _wrong(meter, f'no app registered the event "{meter.event}"')
    if registry.is_sheddable(meter.event):
        raise _wrong(meter, f'"{meter.event}" may be left out under pressure (sheddable)')
    if meter.aggregation not in AGGREGATIONS:
        raise _wrong(meter, f'"{meter.aggregation}" is none of {", ".join(AGGREGATIONS)}')
    if meter.period not in _PERIODS:
        raise _wrong(meter, f'the period "{meter.period}" is none of {", ".join(_PERIODS)}')
    _check_property(meter)
    for name, wanted in (*meter.filters.items(), *meter.excludes.items()):
        _check_filter(meter, name, wanted)
    _check_group_by(meter)


def fingerprint(meter: Meter) -> str:
    """Changes with whatever changes the meter's numbers or the rows that they are kept in, and with
    nothing else: 32 characters."""
    parts: dict[str, Any] = {
        "event": meter.event,
        "aggregation": meter.aggregation,
        "property": meter.property,
        "filters": {name: sorted(map(repr, accepted(meter, name))) for name in meter.filters},
        "group_by": list(meter.group_by),
        "late_after": conf.late_after().total_seconds(),
    }
    if FORMAT > 1:  # the first one was not named
        parts["format"] = FORMAT
    if meter.excludes:  # without, the fingerprint is what it was before there were any
        parts["excludes"] = {
            name: sorted(map(repr, refused(meter, name))) for name in meter.excludes
        }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def accepted(meter: Meter, name: str) -> tuple[Scalar, ...]:
    """The values that the meter's filter on this property lets through."""
    return _tuple(meter.filters[name])


def refused(meter: Meter, name: str) -> tuple[Scalar, ...]:
    """The values of this property that the meter leaves out."""
    return _tuple(meter.excludes[name])


def _tuple(wanted: Scalar | tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


def _check_property(meter: Meter) -> None:
    if meter.aggregation == "count":
        if meter.property is not None:
            raise _wrong(meter, f'a count has no property (found "{meter.property}")')
    elif meter.aggregation == "unique":
        if meter.property is None:
            raise _wrong(meter, 'a unique count needs a property, "person" or "anonymous_id"')
        if meter.property not in (PERSON, ANONYMOUS_ID):
            kinds = _kinds(meter, meter.property)
            if not kinds <= _DISTINCT:
                raise _wrong(meter, f'different values of "{meter.property}" cannot be counted')
    elif meter.property not in registry.get(meter.event).numbers():
        raise _wrong(
            meter,
            f'"{meter.event}" needs a number property "{meter.property}" that is '
            f"always given (int, float or Decimal, without None)",
        )


def _check_filter(meter: Meter, name: str, wanted: object) -> None:
    kinds = _kinds(meter, name)
    values: Iterable[Any] = wanted if isinstance(wanted, tuple) else (wanted,)
    if wanted == ():
        raise _wrong(meter, f'the filter on "{name}" lets nothing through')
    for value in values:
        if not _fits(value, kinds):
            raise _wrong(meter, f'"{name}" is never {value!r}: it is {_words(kinds)}')


def _check_group_by(meter: Meter) -> None:
    if isinstance(meter.group_by, str):
        raise _wrong(meter, f'group_by must be a tuple: ("{meter.group_by}",)')
    if len(set(meter.group_by)) < len(meter.group_by):
        raise _wrong(meter, "group_by names a property twice")
    if len(meter.group_by) > MOST_DIMENSIONS:
        raise _wrong(meter, f"group_by has more than {MOST_DIMENSIONS} properties")
    for name in meter.group_by:
        if name in _RESERVED and name in registry.get(meter.event).properties:
            raise _wrong(meter, f'group_by "{name}" could mean two things: rename the property')
        if name != PERSON and not _kinds(meter, name) <= _GROUPED:
            raise _wrong(meter, f'group_by "{name}" must be a text, int, flag or UUID')


def _kinds(meter: Meter, name: str) -> set[type]:
    """What the event's property may be, None aside. Raises CatalogueError when it has none."""
    declared = registry.get(meter.event).properties.get(name)
    if declared is None:
        raise _wrong(meter, f'"{meter.event}" has no property "{name}"')
    if name in registry.get(meter.event).personal:
        raise _wrong(
            meter, f'"{name}" says something about a person: it goes when they are forgotten'
        )
    kinds = set(get_args(declared)) if isinstance(declared, UnionType) else {declared}
    return kinds - {NoneType}


def _fits(value: object, kinds: set[type]) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return bool({int, float} & kinds)
    return type(value) in kinds & _DISTINCT


def _words(kinds: set[type]) -> str:
    return " or ".join(sorted(kind.__name__ for kind in kinds))


def _wrong(meter: Meter, what: str) -> CatalogueError:
    return CatalogueError(f"{meter.key}: {what}.")
