"""JSON from outside: exact numbers, no key said twice, and never more work than it is bytes.

Python's own reader is lenient where an intake must not be: it takes NaN, rounds fractions to
binary, keeps the last of two equal keys, and refuses a whole batch for one number of 5,000 digits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Set
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from events.errors import Undecodable
from events.registry import BOUND, EventType, kinds

_UUID = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.ASCII | re.I
)
_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_DIGITS = 40  # an integer of more is far beyond every bound


class Ambiguous(dict[str, Any]):
    """A JSON object in which a key stood twice; it holds the last value of each."""


def loads(body: bytes) -> Any:
    """The JSON value of UTF-8 bytes. Raises Undecodable.

    Fractions become Decimal, NaN and Infinity stay floats (no property takes them), an object
    with a repeated key becomes Ambiguous: one bad event does not spoil a batch.
    """
    try:
        return json.loads(
            body.decode(),
            parse_int=_integer,
            parse_float=_fraction,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise Undecodable(f"This is not UTF-8: byte {error.start}.") from None
    except RecursionError:
        raise Undecodable("This JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise Undecodable(f"This is not JSON: {error.msg} at character {error.pos}.") from None


def is_ambiguous(value: Any) -> bool:
    """Whether a key stood twice in it, or anywhere below."""
    if isinstance(value, dict):
        return isinstance(value, Ambiguous) or any(map(is_ambiguous, value.values()))
    return isinstance(value, list) and any(map(is_ambiguous, value))


def properties_of(event_type: EventType, data: Mapping[str, Any]) -> dict[str, Any]:
    """`data` with texts made UUID or Decimal, and numbers made int or float, where declared so.

    What fits no declaration stays as it is; `EventType.validated` refuses it in words.
    """
    declared = event_type.properties
    return {
        key: _as(value, kinds(declared[key])) if key in declared else value
        for key, value in data.items()
    }


def _as(value: Any, wanted: Set[type]) -> Any:
    if isinstance(value, str) and str not in wanted:
        if UUID in wanted and _UUID.fullmatch(value):
            return UUID(value)
        if Decimal in wanted and _DECIMAL.fullmatch(value):
            return Decimal(value)
    elif isinstance(value, float) and Decimal in wanted:
        return Decimal(value)  # NaN or Infinity: refused as such, not for its type
    elif isinstance(value, Decimal) and Decimal not in wanted and value.is_finite():
        if float in wanted:
            return float(value)
        if int in wanted and -BOUND < value < BOUND and value == value.to_integral_value():
            return int(value)  # JSON knows one kind of number: 5.0 is 5
    return value


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _DIGITS else _fraction(digits)


def _fraction(digits: str) -> Any:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent that even Decimal cannot hold
        return float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Ambiguous(found)
