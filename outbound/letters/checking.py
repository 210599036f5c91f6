"""Whether words can be a letter of a kind: asked when an editor publishes, and of the words in the code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from events.errors import UnknownEvent
from outbound.letters.content import FIELDS, MOST_BLOCKS, Block, Content
from outbound.letters.filling import is_fixed
from outbound.letters.kinds import UNSUBSCRIBE, LetterKind, Type, Variable
from outbound.letters.placeholders import Wrong, names

# What a block that shows one variable may show.
_SHOWN = {
    "code": {Type.CODE},
    "sentences": {Type.LINES},
    "items": {Type.LINES},
    "verbatim": {Type.VERBATIM},
}


def problems(kind: LetterKind, content: Content) -> list[tuple[str, str]]:
    """What is wrong: the part ("subject", "preheader", "body") and a sentence. [] when nothing is."""
    try:
        known = kind.variables
    except UnknownEvent:
        return [("body", f"It is sent on “{kind.event}”, an event that nobody records any more.")]
    return list(_problems(kind, known, content))


def _problems(
    kind: LetterKind, known: dict[str, Variable], content: Content
) -> Iterator[tuple[str, str]]:
    if not content.subject.strip():
        yield "subject", "A letter has a subject."
    for part, text in (("subject", content.subject), ("preheader", content.preheader)):
        yield from ((part, why) for why in _in_words(kind, known, text))
    if not content.body:
        yield "body", "A letter says something."
    if len(content.body) > MOST_BLOCKS:
        yield "body", f"A letter has at most {MOST_BLOCKS} blocks."
    for number, block in enumerate(content.body[:MOST_BLOCKS], start=1):
        yield from (("body", f"Block {number}: {why}") for why in _in_block(kind, known, block))
    shown = set().union(*map(_always_shown, content.body)) if content.body else set()
    for name in kind.required:
        if name not in shown:
            yield "body", _lacks(name, known)


def _in_words(kind: LetterKind, known: dict[str, Variable], text: str) -> Iterator[str]:
    try:
        used = names(text)
    except Wrong as error:
        yield str(error)
        return
    for name in sorted(used):
        if name not in known:
            yield _unknown(kind, known, name)
        elif not known[name].type.is_inline and known[name].type is not Type.URL:
            yield f"“{name}” cannot stand within a sentence; it has a block of its own."


def _in_block(kind: LetterKind, known: dict[str, Variable], block: Block) -> Iterator[str]:
    if block.kind not in FIELDS:
        yield f"There are no blocks of the kind “{block.kind}” any more; take it out."
        return
    if "text" in FIELDS[block.kind] and not block.text.strip():
        yield "It is empty."
    yield from _in_words(kind, known, block.text)
    if "url" in FIELDS[block.kind]:
        yield from _of_url(kind, known, block.url)
    if types := _SHOWN.get(block.kind):
        if block.variable not in known:
            yield _unknown(kind, known, block.variable)
        elif known[block.variable].type not in types:
            yield f"“{block.variable}” cannot stand in a block of the kind “{block.kind}”."
    if block.only_with and block.only_with not in known:
        yield _unknown(kind, known, block.only_with)


def _of_url(kind: LetterKind, known: dict[str, Variable], url: str) -> Iterator[str]:
    if is_fixed(url):
        return
    if url not in known:
        choices = _listed(name for name, each in known.items() if each.type is Type.URL)
        yield f"“{url}” is neither an address with https:// nor one of {choices}."
    elif known[url].type is not Type.URL:
        yield f"“{url}” is no address."


def _always_shown(block: Block) -> set[str]:
    """Variables that the block shows whenever they have a value. A block that also waits for another
    variable is no place for what nobody can do without."""
    shown = {block.variable, block.url}
    if "text" in FIELDS.get(block.kind, ()):
        with suppress(Wrong):
            shown |= names(block.text)
    return {name for name in shown if not block.only_with or block.only_with == name}


def _lacks(name: str, known: dict[str, Variable]) -> str:
    if name == UNSUBSCRIBE:
        return f"Marketing needs a link with the address “{UNSUBSCRIBE}”: the way to say no."
    return f"This letter is worth nothing without “{name}” ({known[name].says.lower()}): put it in."


def _unknown(kind: LetterKind, known: dict[str, Variable], name: str) -> str:
    if kind.event and name.startswith("event."):
        return f"The event “{kind.event}” has no property “{name.removeprefix('event.')}”."
    if not name:
        return "It names no variable."
    return f"There is no variable “{name}” in this letter; there are {_listed(known)}."


def _listed(names: object) -> str:
    return ", ".join(sorted(map(str, names))) or "none"  # type: ignore[call-overload]
