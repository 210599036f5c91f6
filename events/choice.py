"""An event that is said in one of two ways: by whoever is first, and by who comes after within a while.

Which of them it is is decided where the event is added to the stream, in the same round trip, so all
processes decide together. Both ways have the id of the event, so it is stored once whatever happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from events import registry


class First(NamedTuple):
    """Whoever records under this `key` first within `seconds` is taken by its word; for all others
    `otherwise` are properties that come in addition.

    `also`: another key under which who is first has come, too. `group`: of those who were first, only
    the first `most` within `seconds` are taken by their word, whatever their keys.
    """

    key: str
    seconds: float
    otherwise: Mapping[str, Any]  # that the event does not have
    also: str = ""
    group: str = ""
    most: int = 0


class Choice(NamedTuple):
    """An encoded event: `line` for the first within `milliseconds`, `other` for who comes later, or
    after the first `most` of its group (0: there is none)."""

    key: str
    also: str
    group: str
    milliseconds: int
    most: int
    line: bytes
    other: bytes


Said = bytes | Choice
_PROPERTIES = b'"properties":{'


def choice(name: str, line: bytes, first: First) -> Choice:
    """The encoded event of this name in its two ways. Raises WrongProperty.

    The second is made from the first as it stands: to encode it again would cost as much as all else.
    An encoded text has its quotes escaped, so the first such word is the event's own.
    """
    key, seconds, otherwise, also, group, most = first
    added = _encoded(name, tuple(otherwise.items()))
    start, word, rest = line.partition(_PROPERTIES)
    comma = b"" if rest.startswith(b"}") else b","
    other = b"".join((start, word, added, comma, rest))
    kept = int(seconds * 1000)
    return Choice(key, also or key, group or key, kept, most if group else 0, line, other)


@lru_cache(maxsize=100)
def _encoded(name: str, properties: tuple[tuple[str, Any], ...]) -> bytes:
    """Members of a JSON object, each checked as the registered type has it."""
    return msgspec.json.encode(registry.get(name).some(dict(properties)))[1:-1]


def line_of(said: Said) -> bytes:
    """The event as it is where nobody can tell who was first."""
    return said if isinstance(said, bytes) else said.line
