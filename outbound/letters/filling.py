"""Values as data: cleaned by their type, with fallbacks, before they stand in any text or markup."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.utils.html import escape

from identity import names
from outbound.letters.kinds import LetterKind, Type, Variable
from outbound.letters.placeholders import Placeholder, Wrong, fill

Value = str | tuple[str, ...] | list[str]
MOST_LINES = 200
LONGEST = 2_000  # characters of a value; of a verbatim one a hundred times as many
HIDDEN = "…"


class Filling:
    """The values of one letter, ready to stand in it. Raises Wrong for a variable that there is not, and
    where something that is always given is missing."""

    def __init__(self, kind: LetterKind, values: Mapping[str, Value]) -> None:
        self._known = kind.variables
        self._values = {
            name: _clean(variable, values.get(name)) for name, variable in self._known.items()
        }
        self._needs = set(kind.needs)

    def has(self, name: str) -> bool:
        """Whether there is anything in it."""
        return bool(self._values[self._variable(name)])

    def lines(self, name: str) -> list[str]:
        value = self._values[self._variable(name)]
        return list(value) if isinstance(value, tuple) else [value] if value else []

    def text(self, words: str) -> str:
        return fill(words, self._inline)

    def html(self, words: str) -> str:
        return fill(words, lambda each: escape(self._inline(each)), escape)

    def subject(self, words: str, *, hides: bool = False) -> str:
        """One line, in which what people wrote names no web page. `hides`: as others may read it."""

        def value(each: Placeholder) -> str:
            kind = self._known[self._variable(each.name)].type
            if hides and kind.is_secret:
                return HIDDEN
            text = self._inline(each)
            return names.without_addresses(text) if kind is Type.TEXT else text

        return names.plain(fill(words, value))[:250]

    def url(self, url: str) -> str:
        """Of the variable of this name, or the address itself; "" where there is none."""
        if is_fixed(url):
            return url
        return "".join(self.lines(url))

    def _inline(self, each: Placeholder) -> str:
        variable = self._known[self._variable(each.name)]
        if not variable.type.is_inline and variable.type is not Type.URL:
            raise Wrong(f"“{each.name}” cannot stand within a sentence.")
        value = self._values[each.name]
        return str(value) or (each.instead if each.instead is not None else "")

    def _variable(self, name: str) -> str:
        if name not in self._known:
            raise Wrong(f"There is no variable “{name}” in this letter.")
        return name


def is_fixed(url: str) -> bool:
    """Whether it is an address itself rather than the name of a variable."""
    return url.startswith("https://")


def missing(kind: LetterKind, values: Mapping[str, Value]) -> list[str]:
    """What is always given, and is not."""
    return [
        name
        for name, variable in kind.own.items()
        if variable.fallback is None and not _clean(variable, values.get(name))
    ]


def _clean(variable: Variable, value: Value | None) -> str | tuple[str, ...]:
    if variable.type is Type.LINES:
        given = [value] if isinstance(value, str) else list(value or [])
        lines = [line for line in map(_text, given[:MOST_LINES]) if line]
        return tuple(lines or ([variable.fallback] if variable.fallback else []))
    text = value if isinstance(value, str) else " ".join(value or ())
    if variable.type is Type.VERBATIM:
        kept = "\n".join(_unfolded(line) for line in text[: LONGEST * 100].splitlines())
        return kept or variable.fallback or ""
    if variable.type is Type.URL:
        return (_address(text) if text else "") or variable.fallback or ""
    return _text(text) or variable.fallback or ""


def _text(value: str) -> str:
    return names.plain(value[:LONGEST])


def _unfolded(line: str) -> str:
    """Without characters that nobody sees, its first spaces kept."""
    indent = len(line) - len(line.lstrip(" "))
    return " " * indent + names.plain(line)


def _address(url: str) -> str:
    """A link of a letter leads to a web page; a javascript: one never stands there."""
    url = names.plain(url[:LONGEST])
    if urlsplit(url).scheme not in ("http", "https"):
        raise Wrong(f"“{url[:60]}” is no address of a web page.")
    return url
