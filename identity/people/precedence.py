"""What is believed of all that was said of one human: one rule, whatever the order it came in.

Of each who speaks (`Source`) the newest word counts; a null takes back what that one had said. Among
those who have a word, the first of `Source` is believed: what people say themselves before what staff
write, that before our servers, imports, their apps, their browsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from identity.models import PersonAttribute

Source = PersonAttribute.Source
_RANK = {source.value: rank for rank, source in enumerate(Source)}
MOST = 200  # attributes of one human that are shown and asked for: the first by name


@dataclass(frozen=True)
class Said:
    """One statement about somebody. `at` is when it was said (aware), `event` which event said so."""

    name: str
    value: Any
    source: str
    at: datetime
    event: UUID

    @property
    def newness(self) -> tuple[datetime, UUID]:
        return self.at, self.event


@dataclass(frozen=True)
class Known:
    """What is believed, and why: who said it, and since when."""

    value: Any
    source: str
    at: datetime


def believed(statements: Iterable[Said]) -> Mapping[str, Known]:
    """What is believed, by name, in the order of names; at most MOST."""
    newest: dict[str, dict[str, Said]] = {}
    for said in statements:
        by_source = newest.setdefault(said.name, {})
        before = by_source.get(said.source)
        if before is None or before.newness < said.newness:
            by_source[said.source] = said
    found: dict[str, Known] = {}
    for name in sorted(newest):
        words = [said for said in newest[name].values() if said.value is not None]
        if words and len(found) < MOST:
            best = min(words, key=lambda said: _RANK[said.source])
            found[name] = Known(best.value, best.source, best.at)
    return found
