"""The names that may be recorded, and the type of each of their properties.

Names follow Segment's Object-Action form ("Link Clicked": a thing, then a past-tense verb, each
word with a capital). An app lists its own in `<app>/event_types.py` and registers them when
Django starts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args
from uuid import UUID

from events.errors import NotOpen, UnknownEvent, WrongProperty

BOUND = 2**63  # every number is smaller than this: a bigint, and a Decimal(38, 18) of ClickHouse
DECIMALS = 18  # at most so many digits after the point of a Decimal
FLOAT_DECIMALS = 30  # and of a float as Python writes it: a meter would leave out one with more
_SURELY_FEWER = 1e-13  # a float of this size or more: 17 of its digits matter
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*( [A-Z][A-Za-z0-9]*)+")
_KINDS = (str, int, float, bool, Decimal, UUID)
_registered: dict[str, EventType] = {}


@dataclass(frozen=True)
class EventType:
    """A kind of event.

    `properties` maps a property's name to str, int, float, bool, Decimal or UUID; `int | None`
    says that it may be missing. A property that is not declared is refused, as is a missing one.
    `external`: customers may send it with an API key; the others only our own code records.
    `formats` gives a text property a regular expression that the whole text must match: do so for
    a text that comes from outside and is grouped by. `webhooks` False: no workspace may have it sent
    to its webhooks, because it is not a workspace's, or would call for another of its kind.
    `sheddable`: under pressure one in so many is kept, and says so (`events.shedding.weight`): never
    what is counted for money or sent by a customer. `personal` names texts that say something about a
    person: they go when the person is forgotten (`identity.privacy`), and no meter may read them.
    """

    name: str
    properties: Mapping[str, type | UnionType] = field(default_factory=dict)
    external: bool = False
    formats: Mapping[str, str] = field(default_factory=dict)
    webhooks: bool = True
    sheddable: bool = False
    personal: Collection[str] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f'"{self.name}" must be like "Link Clicked": a thing and what happened.'
            )
        if self.sheddable and self.external:
            raise ValueError(f"{self.name}: what customers send is never left out.")
        for key, declared in self.properties.items():
            if not kinds(declared) <= {*_KINDS, NoneType}:
                raise ValueError(f"{self.name}: {key} cannot be of type {declared}.")
        if extra := set(self.personal) - self.properties.keys():
            raise ValueError(f"{self.name}: {min(extra)} is personal and not declared.")
        for key in self.formats:
            if str not in kinds(self.properties.get(key, NoneType)):
                raise ValueError(f"{self.name}: {key} has a format and is no text.")

    def validated(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties as JSON values, without None. Raises WrongProperty, which names it."""
        if not properties.keys() <= self.properties.keys():
            extra = properties.keys() - self.properties.keys()
            raise WrongProperty(f'{self.name} has no property "{_short(min(map(str, extra)))}".')
        valid: dict[str, Any] = {}
        for key, declared in self.properties.items():
            value = properties.get(key)
            if value is None:
                if NoneType not in kinds(declared):
                    raise WrongProperty(f'{self.name} needs its property "{key}".')
                continue
            valid[key] = _as_json(value, declared=declared, where=f"{self.name}: {key}")
        for key, pattern in self.formats.items():
            if key in valid and not re.fullmatch(pattern, valid[key], re.ASCII):
                raise WrongProperty(f"{self.name}: {key} must match {pattern}.")
        return valid

    def some(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Some of an event's properties as JSON values, without asking for the others.

        Raises WrongProperty.
        """
        valid = {}
        for key, value in properties.items():
            if key not in self.properties:
                raise WrongProperty(f'{self.name} has no property "{_short(key)}".')
            where = f"{self.name}: {key}"
            valid[key] = _as_json(value, declared=self.properties[key], where=where)
        return valid

    def numbers(self) -> set[str]:
        """The properties that are numbers and always given: what may be summed."""
        summable = {int, float, Decimal}
        return {key for key, declared in self.properties.items() if kinds(declared) <= summable}


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
        raise UnknownEvent(f'No app registered an event named "{_short(name)}".') from None


def get_external(name: str) -> EventType:
    """The type of this name, if customers may send it. Raises UnknownEvent, NotOpen."""
    event_type = get(name)
    if not event_type.external:
        raise NotOpen(f'"{name}" is recorded by us alone. {_open_names()}')
    return event_type


def external() -> list[EventType]:
    """All types that customers may send, by name."""
    return [_registered[name] for name in sorted(_registered) if _registered[name].external]


def for_webhooks() -> list[EventType]:
    """All types that a workspace may have sent to its webhooks, by name: not what it sent itself."""
    found = (_registered[name] for name in sorted(_registered))
    return [each for each in found if each.webhooks and not each.external]


def is_sheddable(name: str) -> bool:
    """Whether events of this name may be left out under pressure; False for one that nobody knows."""
    event_type = _registered.get(name)
    return event_type is not None and event_type.sheddable


def names() -> frozenset[str]:
    """All names that may be recorded."""
    return frozenset(_registered)


def is_registered(name: str) -> bool:
    """Whether an app registered this name."""
    return name in _registered


@cache
def kinds(declared: type | UnionType) -> frozenset[type]:
    """The types that a declaration allows; NoneType says that the property may be missing."""
    return frozenset(get_args(declared) if isinstance(declared, UnionType) else (declared,))


def _as_json(value: Any, *, declared: type | UnionType, where: str) -> Any:
    allowed = kinds(declared)
    if type(value) in allowed:
        fits = True
    elif isinstance(value, bool):  # Python's bool is an int; a flag is not a number
        fits = False
    elif isinstance(value, int):
        fits = bool({int, float, Decimal} & allowed)
    else:
        fits = isinstance(value, tuple(allowed))
    if not fits:
        raise WrongProperty(f"{where} must be {_words(declared)}, not {type(value).__name__}.")
    if isinstance(value, str):
        return storable(value, where=where)
    if isinstance(value, int | float | Decimal):
        return _bounded(value, where=where)
    return str(value) if isinstance(value, UUID) else value


def _bounded(value: float | Decimal, *, where: str) -> float | str:
    """The number, if every store can sum it exactly; a Decimal as text, without an exponent."""
    if not _is_finite(value):
        raise WrongProperty(f"{where} must be a finite number.")
    if not -BOUND < value < BOUND:  # a comparison, for abs() of a Decimal rounds and may overflow
        raise WrongProperty(f"{where} is too large a number.")
    if isinstance(value, Decimal):
        if _decimals(value) > DECIMALS:
            raise WrongProperty(f"{where} has more than {DECIMALS} digits after the point.")
        return f"{value:f}"
    tiny = isinstance(value, float) and -_SURELY_FEWER < value < _SURELY_FEWER
    if tiny and _decimals(Decimal(repr(value))) > FLOAT_DECIMALS:
        raise WrongProperty(f"{where} has more than {FLOAT_DECIMALS} digits after the point.")
    return value


def _decimals(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _is_finite(value: float | Decimal) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value.is_finite() if isinstance(value, Decimal) else True


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
    return " or ".join(sorted(kind.__name__ for kind in kinds(declared) - {NoneType}))


def _open_names() -> str:
    if open_ones := [f'"{event_type.name}"' for event_type in external()]:
        return f"Send {', '.join(open_ones)}."
    return "No name is open to callers."


def _short(name: str) -> str:
    """A name of somebody else's, fit for a message."""
    return name if len(name) <= 60 else f"{name[:60]}…"
