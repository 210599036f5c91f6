"""A letter that is not written yet: its kind and the values. That is what the ledger keeps, sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outbound.letter import sealed_as
from outbound.letters import kinds
from outbound.letters.filling import Filling, Value, missing
from outbound.letters.kinds import LetterKind
from outbound.letters.placeholders import Wrong


@dataclass(frozen=True)
class Draft:
    """`values` by the variable's name: text, or a list of texts where the variable is one of lines.
    `language` like "de", "" for the installation's.

    Raises UnknownKind, and Wrong where a value has no variable or one that is always given is missing.
    """

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)
    language: str = ""

    def __post_init__(self) -> None:
        kind = self.kind
        if extra := self.values.keys() - kind.variables.keys():
            raise Wrong(f"{self.key} has no variable “{min(extra)}”.")
        if absent := missing(kind, self.values):
            raise Wrong(f"{self.key} needs its variable “{absent[0]}”.")

    @property
    def kind(self) -> LetterKind:
        return kinds.get(self.key)

    @property
    def subject(self) -> str:
        """As a row may show it before it is written: by the words in the code, without codes and links."""
        return Filling(self.kind, self.values).subject(self.kind.content.subject, hides=True)

    def sealed(self) -> str:
        return sealed_as({"key": self.key, "values": dict(self.values), "language": self.language})

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Draft:
        """What `sealed` kept. Raises UnknownKind, Wrong."""
        return cls(said["key"], said["values"], said["language"])
