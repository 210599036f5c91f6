"""What becomes of an event when people are made pseudonymous: it stays, and says of nobody any more.

Its id, name, time, workspace and batch stay, so every count does. Its person, and its browser, get an id at
random, each the same one in all events: different people are still as many.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from events.store import archive
from events.store.archive import Row

# (name, properties, context, whether it is theirs) of an event; gives properties and context as they shall
# be. It must give the same when it is called again, and take out what it is to take out: it is called
# more than once.
Rewrite = Callable[
    [str, Mapping[str, Any], Mapping[str, Any], bool], tuple[Mapping[str, Any], Mapping[str, Any]]
]

MOST_WORDS = 200
SHORT = 6  # characters; fewer are looked for as a whole value only, else anything would have them
_NAME, _PERSON, _BROWSER, _PROPERTIES, _CONTEXT = (
    archive.COLUMNS.index(name)
    for name in ("name", "person", "anonymous_id", "properties", "context")
)
_encode = msgspec.json.Encoder(uuid_format="canonical").encode


@dataclass(frozen=True)
class Rewritten:
    """What an event says now: `properties` and `context` as JSON."""

    person: UUID | None
    anonymous_id: str | None
    properties: str
    context: str


@dataclass(frozen=True)
class Pseudonyms:
    """Whose ids go, what comes in their place, and what else is taken out of the events of everybody."""

    persons: Mapping[UUID, UUID]
    browsers: Mapping[str, str]
    words: Collection[str]
    rewrite: Rewrite

    @property
    def ids(self) -> dict[str, str]:
        """Of persons and browsers, as texts."""
        return {str(old): str(new) for old, new in self.persons.items()} | dict(self.browsers)

    @cached_property
    def needles(self) -> list[str]:
        """What the JSON of an event has that mentions a word. At most MOST_WORDS."""
        quoted = [_encode(word).decode() for word in dict.fromkeys(self.words) if word]
        return [each if len(each) - 2 < SHORT else each[1:-1] for each in quoted]

    def of(
        self, name: str, person: UUID | None, browser: str | None, properties: str, context: str
    ) -> Rewritten | None:
        """What becomes of an event; None: it stays as it is."""
        is_theirs = person in self.persons or browser in self.browsers
        if not is_theirs and not self._is_mentioned(properties, context):
            return None
        said = msgspec.json.decode(properties), msgspec.json.decode(context)
        told = self.rewrite(name, *said, is_theirs)
        if not is_theirs and told == said:
            return None
        texts = [
            text if new == old else _encode(new).decode()
            for text, old, new in zip((properties, context), said, told, strict=True)
        ]
        return Rewritten(
            None if person is None else self.persons.get(person, person),
            None if browser is None else self.browsers.get(browser, browser),
            *texts,
        )

    def of_row(self, row: Row) -> Row:
        """What becomes of a row of an archived file: the same row, where nothing does."""
        person = UUID(row[_PERSON]) if row[_PERSON] else None
        told = self.of(row[_NAME], person, row[_BROWSER], row[_PROPERTIES], row[_CONTEXT])
        if told is None:
            return row
        changed = list(row)
        changed[_PERSON] = told.person.hex if told.person else None
        changed[_BROWSER] = told.anonymous_id
        changed[_PROPERTIES], changed[_CONTEXT] = told.properties, told.context
        return tuple(changed)

    def _is_mentioned(self, *texts: str) -> bool:
        return any(needle in text for needle in self.needles for text in texts)


def hashed(of: UUID | str) -> bytes:
    """As which an id is known while it is being replaced."""
    return sha256(str(of).encode()).digest()


def check(words: Collection[str]) -> None:
    """Raises ValueError for more words than are looked for at once."""
    if len(words) > MOST_WORDS:
        raise ValueError(f"At most {MOST_WORDS} words are looked for at once, not {len(words)}.")
