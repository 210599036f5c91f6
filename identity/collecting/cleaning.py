"""What callers say, made fit to be stored: PostgreSQL holds no NUL, JSON no NaN, a page no megabytes."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

DEEPEST = 64  # lists and objects within each other
_SHORT, _FEW = 200, 20  # characters of a text, members of an object in an example


class TooDeep(ValueError):
    """It is nested deeper than DEEPEST."""


def text(value: str) -> str:
    """Valid Unicode without NUL."""
    if "\0" in value:
        value = value.replace("\0", "")
    return value if value.isascii() else value.encode(errors="replace").decode()


def values(value: Any, *, depth: int = 0) -> tuple[Any, bool]:
    """A JSON value that can be stored, and whether a number in it was none, which is null now.

    Raises TooDeep.
    """
    if depth > DEEPEST:
        raise TooDeep
    if isinstance(value, str):
        return text(value), False
    if isinstance(value, float) and not isfinite(value):
        return None, True
    if isinstance(value, dict):
        made, lost = {}, False
        for key, each in value.items():
            made[text(key)], is_lost = values(each, depth=depth + 1)
            lost |= is_lost
        return made, lost
    if isinstance(value, list):
        pairs = [values(each, depth=depth + 1) for each in value]
        return [each for each, _ in pairs], any(is_lost for _, is_lost in pairs)
    return value, False


def shortened(example: Mapping[str, Any]) -> dict[str, Any]:
    """So much of it that somebody sees what it is like."""
    return {text(key[:_SHORT]): _short(example[key]) for key in list(example)[:_FEW]}


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return text(value if len(value) <= _SHORT else f"{value[:_SHORT]}…")
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, float) and not isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | float) else _number(value)


def _number(value: Any) -> Any:
    return value if isinstance(value, int) and abs(value) < 10**40 else str(value)[:_SHORT]
