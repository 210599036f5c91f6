"""Whole columns as PostgreSQL's array literals: psycopg's own adaptation of lists costs far more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def plain(values: Iterable[Any]) -> str:
    """An array literal of values that need no quotes: numbers, UUIDs, keys of meters."""
    return "{" + ",".join(map(str, values)) + "}"


def texts(values: Iterable[str | None]) -> str:
    """An array literal of texts."""
    known: dict[str | None, str] = {None: "NULL"}  # the same workspace comes many times
    parts = []
    for value in values:
        quoted = known.get(value)
        if quoted is None and value is not None:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            quoted = known[value] = f'"{escaped}"'
        parts.append(quoted or "")
    return "{" + ",".join(parts) + "}"
