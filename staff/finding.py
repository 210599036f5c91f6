"""One search box over everything that staff look for. Apps add what can be found in `ready`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST = 10  # of each kind
LONGEST = 200  # characters of what is looked for


@dataclass(frozen=True)
class Found:
    """One line of the answer."""

    title: str
    text: str
    url: str


@dataclass(frozen=True)
class Finder:
    """`find(text, most)` returns what fits, the likeliest first, at most so many."""

    kind: str
    find: Callable[[str, int], Sequence[Found]]


@dataclass(frozen=True)
class Answer:
    """What was found of a kind; `more` when there is more than is shown."""

    kind: str
    found: Sequence[Found]
    more: bool


_finders: dict[str, Finder] = {}


def register(finder: Finder) -> None:
    """Let it be asked by the search box."""
    _finders[finder.kind] = finder


def look_for(text: str) -> list[Answer]:
    """Everything that fits, by kind; kinds without a find are left out."""
    answers = []
    for finder in _finders.values():
        found = finder.find(text, MOST + 1)
        if found:
            answers.append(Answer(finder.kind, found[:MOST], len(found) > MOST))
    return answers
