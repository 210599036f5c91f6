"""Kinds of letters: each has a name, the variables that it is written with, and words of its own."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from events.registry import EventType
from events.registry import get as event_type
from outbound import topics
from outbound.letters.content import Content

UNSUBSCRIBE = "unsubscribe_url"
_OF_EVENT = "event."


class UnknownKind(LookupError):
    """No app has declared a letter of this name."""


class Type(enum.StrEnum):
    """Text: people wrote it, so it names no web page in a subject. Word: ours (a plan, a day, a number,
    a proved domain). Lines: several texts. Verbatim: text whose line breaks matter."""

    TEXT = "text"
    WORD = "word"
    CODE = "code"
    URL = "url"
    LINES = "lines"
    VERBATIM = "verbatim"

    @property
    def is_inline(self) -> bool:
        """Whether it may stand within a sentence."""
        return self in (Type.TEXT, Type.WORD, Type.CODE)

    @property
    def is_secret(self) -> bool:
        """Whether a row of the ledger must not show it."""
        return self in (Type.CODE, Type.URL)


@dataclass(frozen=True)
class Variable:
    """`says` is for editors. `example` is what previews show (of lines: a list). `fallback` is taken where
    there is nothing; None: whoever sends the letter always gives it."""

    type: Type
    says: str
    example: str | tuple[str, ...]
    fallback: str | None = None


# In every letter; `outbound.writing` knows their values.
COMMON: Mapping[str, Variable] = {
    "brand": Variable(Type.WORD, "The name of the product", "Your product"),
    "site_url": Variable(Type.URL, "The website", "https://example.com"),
    "help_email": Variable(Type.WORD, "Where people ask for help", "help@example.com", ""),
    "help_url": Variable(Type.URL, "The page of help", "https://example.com/help", ""),
}
_NO_MORE = Variable(Type.URL, "The way to say no to more of these", "https://example.com/no-more")


@dataclass(frozen=True)
class LetterKind:
    """`key` is "<app>.<name>". `label` and `when` tell editors which it is. `needs`: variables without
    which the letter is worth nothing, so that its body has to have them; of marketing also the way to
    say no. `event`: the event that it is sent on, whose properties are variables too ("event.plan")."""

    key: str
    label: str
    when: str
    topic: str
    content: Content
    own: Mapping[str, Variable] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    event: str = ""

    @property
    def variables(self) -> dict[str, Variable]:
        """All that may stand in it. Raises events.errors.UnknownEvent."""
        found = dict(self.own)
        if self.is_marketing:
            found[UNSUBSCRIBE] = _NO_MORE
        if self.event:
            found.update(_properties_of(event_type(self.event)))
        return {**found, **COMMON}

    @property
    def required(self) -> tuple[str, ...]:
        return (*self.needs, UNSUBSCRIBE) if self.is_marketing else self.needs

    @property
    def is_marketing(self) -> bool:
        return topics.get(self.topic).kind is topics.Kind.MARKETING

    def examples(self) -> dict[str, str | tuple[str, ...]]:
        """But of what stands in every letter, whose values are known."""
        known = self.variables.items()
        return {name: each.example for name, each in known if name not in COMMON}


def _properties_of(event: EventType) -> dict[str, Variable]:
    """Their values may be what a customer sent: texts. One that may be missing has nothing as fallback."""
    return {
        _OF_EVENT + name: Variable(
            Type.TEXT, f"Of the event “{event.name}”", name.replace("_", " "), ""
        )
        for name in event.properties
    }


_registered: dict[str, LetterKind] = {}


def register(*kinds: LetterKind) -> None:
    """Know these from now on. Raises ValueError where another has the name."""
    for kind in kinds:
        if _registered.setdefault(kind.key, kind) != kind:
            raise ValueError(f"There is another letter {kind.key}.")


def get(key: str) -> LetterKind:
    """Raises UnknownKind."""
    try:
        return _registered[key]
    except KeyError:
        raise UnknownKind(f"No app has declared a letter “{key}”.") from None


def every() -> list[LetterKind]:
    """All that are declared, by app and name."""
    return [_registered[key] for key in sorted(_registered)]
