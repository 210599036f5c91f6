"""An event that is said in one of two ways: by whoever is first, and by who comes after within a while.

Which of them it is is decided where the event is added to the stream, in the same round trip, so all
processes decide together. Both ways have the id of the event, so it is stored once whatever happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class First:
    """Whoever records under this `key` first within `seconds` is taken by its word; for all others
    `otherwise` are properties that come in place of theirs.

    `also`: another key under which who is first has come, too.
    """

    key: str
    seconds: float
    otherwise: Mapping[str, Any]
    also: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An encoded event: `line` for the first within `milliseconds`, `other` for who comes later."""

    key: str
    also: str
    milliseconds: int
    line: bytes
    other: bytes


Said = bytes | Choice


def line_of(said: Said) -> bytes:
    """The event as it is where nobody can tell who was first."""
    return said if isinstance(said, bytes) else said.line
