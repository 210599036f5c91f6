"""The names that may be recorded, and the type of each of their properties.

Names follow Segment's Object-Action form ("Link Clicked": a thing, then a past-tense verb, each
word with a capital). An app lists its own in `<app>/event_types.py` and registers them when
Django starts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args
from uuid import UUID

from events.errors import UnknownEvent, WrongProperty

_NAME = re.compile(r"[A-Z][A-Za-z0-9]*( [A-Z][A-Za-z0-9]*)+")
_KINDS = (str, int, float, bool, Decimal, UUID)
_registered: dict[str, EventType] = {}


@dataclass(frozen=True)
class EventType:
    """A kind of event.

    `properties` maps a property's name to str, int, float, bool, Decimal or UUID; `int | None`
    says that it may be missing. A property that is not declared is refused, as is a missing one.
    """

    name: str
    properties: Mapping[str, type | UnionType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f'"{self.name}" must be like "Link Clicked": a thing and what happened.'
            )
        for key, declared in self.properties.items():
            if not _kinds(declared) <= {*_KINDS, NoneType}:
                raise ValueError(f"{self.name}: {key} cannot be of type {declared}.")

    def validated(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties as JSON values, without None. Raises WrongProperty, which names it."""
        if extra := properties.keys() - self.properties.keys():
            raise WrongProperty(f'{self.name} has no property "{min(extra)}".')
        valid: dict[str, Any] = {}
        for key, declared in self.properties.items():
            value = properties.get(key)
            if value is None:
                if NoneType not in _kinds(declared):
                    raise WrongProperty(f'{self.name} needs its property "{key}".')
                continue
            valid[key] = _as_json(value, declared=declared, where=f"{self.name}: {key}")
        return valid

    def numbers(self) -> set[str]:
        """The properties that are numbers and always given: what may be summed."""
        summable = {int, float, Decimal}
        return {key for key, declared in self.properties.items() if _kinds(declared) <= summable}


def register(*types: EventType) -> None:
    """Make these names recordable. Registering the same again is fine, another meaning is not."""
    for event_type in types:
        known = _registered.setdefault(event_type.name, event_type)
        if known != event_type:
            raise ValueError(f'"{event_type.name}" is registered already, with other properties.')


def get(name: str) -> EventType:
    """The registered type of this name. Raises UnknownEvent."""
    try:
        return _registered[name]
    except KeyError:
        raise UnknownEvent(f'No app registered an event named "{name}".') from None


def names() -> frozenset[str]:
    """All names that may be recorded."""
    return frozenset(_registered)


def _kinds(declared: type | UnionType) -> set[type]:
    return set(get_args(declared)) if isinstance(declared, UnionType) else {declared}


def _as_json(value: Any, *, declared: type | UnionType, where: str) -> Any:
    kinds = _kinds(declared)
    if isinstance(value, bool):  # Python's bool is an int; a flag is not a number
        fits = bool in kinds
    elif isinstance(value, int):
        fits = bool({int, float, Decimal} & kinds)
    else:
        fits = isinstance(value, tuple(kinds))
    if not fits:
        raise WrongProperty(f"{where} must be {_words(declared)}, not {type(value).__name__}.")
    if isinstance(value, str):
        return storable(value, where=where)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise WrongProperty(f"{where} is too large a number.")
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        raise WrongProperty(f"{where} must be a finite number.")
    return str(value) if isinstance(value, UUID | Decimal) else value


def storable(value: str, *, where: str) -> str:
    """The text, if PostgreSQL can hold it: valid Unicode without NUL. Raises WrongProperty."""
    if "\0" in value:
        raise WrongProperty(f"{where} must not contain NUL.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongProperty(f"{where} is not valid Unicode.") from None
    return value


def _words(declared: type | UnionType) -> str:
    kinds = _kinds(declared) - {NoneType}
    return " or ".join(sorted(kind.__name__ for kind in kinds))
