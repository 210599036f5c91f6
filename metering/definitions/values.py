"""What a property's value counts as: an exact number, a text, a dimension.

The SQL that recounts raw events says the same a second time (rollups/), and tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Context, Decimal, Inexact
from hashlib import sha256
from typing import Any
from uuid import UUID

Number = int | Decimal
Dims = tuple[str | None, ...]

TOTAL = UUID(int=0)  # the key of what is not broken down

# A number is metered when it is below 10^30 and has at most 30 decimals; a sum of 10^16 of them is
# exact in 76 digits. Others, which no sensible property holds, are as if they were missing.
DIGITS = DECIMALS = 30
NUMBER = r"[+-]?[0-9]{1,60}([.][0-9]{1,60})?([eE][+-]?[0-9]{1,3})?"  # a Decimal, recorded as text
EXACT = Context(prec=200, traps=[Inexact])

LONGEST_VALUE = 64  # characters of a value that a unique count keeps as it is
LONGEST_DIMENSION = 200  # characters of a dimension's value that a breakdown keeps as it is
KEPT_OF_DIMENSION = (
    167  # of a longer one; with "…#" and half a hash it is longer than any short one
)

_LIMIT = 10**DIGITS
_NUMBER = re.compile(NUMBER)
_PLAIN = Context(prec=1000)  # a float has at most 309 digits before the point, and 17 that matter


def number(value: Any) -> Number | None:
    """The exact number of a JSON value, or of a Decimal's text; None when it cannot be metered."""
    kind = type(value)
    if kind is int:
        return value if -_LIMIT < value < _LIMIT else None
    if kind is str:
        if not _NUMBER.fullmatch(value):
            return None
    elif kind is not float:
        return None
    exact = Decimal(value if kind is str else repr(value))
    if not exact.is_finite() or not -_LIMIT < exact < _LIMIT:
        return None
    if _exponent(exact) < -DECIMALS and _exponent(exact.normalize(_PLAIN)) < -DECIMALS:
        return None
    return exact


def text(value: Any) -> str | None:
    """A JSON value as text, for filters, dimensions and unique counts; None when it has none."""
    kind = type(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is UUID:
        return str(value)
    if kind is not float:
        return None
    exact = Decimal(repr(value))
    return format(exact.normalize(_PLAIN), "f") if exact else "0"


def dimension(value: str) -> str:
    """A dimension's value as breakdowns keep it: a long one is cut, and keeps a hash of itself."""
    if len(value) <= LONGEST_DIMENSION:
        return value
    return f"{value[:KEPT_OF_DIMENSION]}…#{_hash(value).hex()[:32]}"


def distinct_value(value: str) -> str:
    """A value as unique counts keep it: a long one becomes its hash."""
    return value if len(value) <= LONGEST_VALUE else f"#{_hash(value).hex()}"


def key_of(dims: Iterable[str | None]) -> UUID:
    """The key of a combination: the first half of SHA-256 over "length:value" or "-" of each."""
    joined = "".join(["-" if dim is None else f"{len(dim)}:{dim}" for dim in dims])
    return UUID(bytes=_hash(joined)[:16])


def _exponent(exact: Decimal) -> int:
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 (it is finite)
    return exponent


def _hash(value: str) -> bytes:
    return sha256(value.encode()).digest()
