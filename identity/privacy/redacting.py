"""What of an event is about a human, and what is left when they are forgotten.

Numbers, flags and ids of things stay: they are what is counted, billed and grouped by. Of types that
an app registered, texts stay too but those that it calls `personal`; of names that nobody registered,
no text does: nobody knows what it says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from events import registry
from events.errors import UnknownEvent
from identity import event_types

ERASED = "(erased)"
_LONG = 6  # characters: such a word is taken out of longer texts, too
# What was said about the way it came, and nothing about who.
_KEPT_CONTEXT = frozenset({"source", "source_kind", "type", "one_in"})
_DESCRIBING = {
    event_types.PERSON_DESCRIBED.name, event_types.GROUP_DESCRIBED.name,
    event_types.PERSON_ALIASED.name,
}  # fmt: skip
Json = Mapping[str, Any]


class Redaction:
    """Rewrites events of somebody, and mentions of their names elsewhere."""

    def __init__(self, words: Collection[str]) -> None:
        self._words = {word.casefold() for word in words if word}
        long = sorted(map(re.escape, (word for word in words if len(word) >= _LONG)), key=len)
        self._inside = re.compile("|".join(reversed(long)) or r"(?!)", re.IGNORECASE)

    def rewrite(
        self, name: str, properties: Json, context: Json, is_theirs: bool
    ) -> tuple[Json, Json]:
        """An event as it stays (events.store.pseudonyms.Rewrite): theirs, or one of somebody else."""
        if not is_theirs:
            return self._without(properties), self._without(context)
        kept = {key: value for key, value in context.items() if key in _KEPT_CONTEXT}
        if name in _DESCRIBING:
            return {}, kept
        try:
            personal: Collection[str] | None = registry.get(name).personal
        except UnknownEvent:
            personal = None
        return {key: self._left(key, value, personal) for key, value in properties.items()}, kept

    def _left(self, key: str, value: Any, personal: Collection[str] | None) -> Any:
        if personal is None:
            return self._without_texts(value)
        return ERASED if key in personal else self._without(value)

    def _without_texts(self, value: Any) -> Any:
        if isinstance(value, str):
            return ERASED
        if isinstance(value, Mapping):
            return {}  # the keys may say as much as the values
        if isinstance(value, list):
            return [self._without_texts(each) for each in value]
        return value

    def _without(self, value: Any) -> Any:
        if isinstance(value, str):
            return ERASED if value.casefold() in self._words else self._inside.sub(ERASED, value)
        if isinstance(value, Mapping):
            return {key: self._without(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._without(each) for each in value]
        return value
