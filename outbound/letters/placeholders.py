"""`{{ name }}` and `{{ name | what stands there instead }}` within the words of a letter.

No template language: a name, and perhaps a fallback. What is filled in is not looked at again, so a
name that reads like a placeholder stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)?)\s*(?:\|\s*([^{}]*?)\s*)?\}\}")
_STRAY = re.compile(r"\{\{|\}\}|\{%|%\}")


class Wrong(ValueError):
    """The words cannot be filled in; the message says why, to whoever wrote them."""


@dataclass(frozen=True)
class Placeholder:
    """`instead` is None where the words give no fallback of their own."""

    name: str
    instead: str | None = None


def parts(text: str) -> Iterator[str | Placeholder]:
    """The text, cut at its placeholders. Raises Wrong for braces that make none."""
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        yield _plain(text[at : found.start()])
        yield Placeholder(found[1], found[2])
        at = found.end()
    yield _plain(text[at:])


def names(text: str) -> set[str]:
    """The variables that stand in it. Raises Wrong."""
    return {part.name for part in parts(text) if isinstance(part, Placeholder)}


def fill(text: str, value: Callable[[Placeholder], str], words: Callable[[str], str] = str) -> str:
    """The text with what `value` gives for each placeholder, and `words` makes of the rest. Raises Wrong."""
    return "".join(words(part) if isinstance(part, str) else value(part) for part in parts(text))


def _plain(text: str) -> str:
    if found := _STRAY.search(text):
        near = text[max(0, found.start() - 10) : found.end() + 20].strip()
        raise Wrong(f"“{near}” is no variable: write it like {{{{ name }}}}.")
    return text
