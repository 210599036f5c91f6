"""Words and values into a letter: a text, and HTML that mjml-python compiles.

Values are filled in and escaped first, then MJML is made of the blocks, by a template of ours, so
that neither an editor nor a name writes any markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mjml
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from outbound.letter import Letter
from outbound.letters.content import FIELDS, Block, Content
from outbound.letters.draft import Draft
from outbound.letters.filling import Filling, Value
from outbound.letters.kinds import LetterKind
from outbound.letters.placeholders import Wrong

_FRAME = "outbound/letters/frame.mjml"
_FOOT = "outbound/letters/foot.txt"


@dataclass(frozen=True)
class Shown:
    """A block with everything filled in. `html` is safe markup, `lines` are texts."""

    kind: str
    text: str = ""
    html: str = ""
    url: str = ""
    lines: tuple[str, ...] = ()


def render(
    kind: LetterKind, content: Content, values: Mapping[str, Value], *, language: str = "en"
) -> tuple[Letter, str]:
    """The letter, and its subject as a row may show it. Raises Wrong, and whatever mjml-python raises."""
    filling = Filling(kind, {**common(), **values})
    subject = filling.subject(content.subject)
    blocks = list(_shown(content, filling))
    preheader = filling.text(content.preheader) or _first_words(blocks)
    said = "\n\n".join(map(_as_text, blocks))
    text = f"{said}\n{render_to_string(_FOOT, _around()).rstrip()}\n"
    context = {
        "blocks": blocks, "language": language, "subject": subject, "preheader": preheader, **_around(),
    }  # fmt: skip
    html = str(mjml.mjml2html(render_to_string(_FRAME, context)))
    return Letter(subject, text, html), filling.subject(content.subject, hides=True)


def in_brief(draft: Draft) -> tuple[str, str]:
    """Its subject and its first sentences in the words of the code, for what is shorter than a letter."""
    content = draft.kind.content
    filling = Filling(draft.kind, {**common(), **draft.values})
    return filling.subject(content.subject), _first_words(list(_shown(content, filling)))


def common() -> dict[str, str]:
    """What stands in every letter."""
    return {
        "brand": settings.BRAND.name,
        "site_url": settings.SITE_URL,
        "help_email": settings.SUPPORT_EMAIL,
        "help_url": settings.SUPPORT_URL,
    }


def _around() -> dict[str, Any]:
    return {"site_url": settings.SITE_URL}


def _shown(content: Content, filling: Filling) -> list[Shown]:
    found = []
    for block in content.body:
        if block.kind not in FIELDS:
            raise Wrong(f"There are no blocks of the kind “{block.kind}”.")
        if block.only_with and not filling.has(block.only_with):
            continue
        if (shown := _filled(block, filling)) is not None:
            found.append(shown)
    if not found:
        raise Wrong("It says nothing.")
    return found


def _filled(block: Block, filling: Filling) -> Shown | None:
    """None where the block has nothing to show."""
    if block.kind == "divider":
        return Shown(block.kind)
    if block.variable:
        lines = filling.lines(block.variable)
        return Shown(block.kind, lines=tuple(lines)) if lines else None
    url = ""
    if "url" in FIELDS[block.kind]:
        url = filling.url(block.url)
        if not url:
            return None
    html = mark_safe(filling.html(block.text))  # noqa: S308 - every part is escaped
    return Shown(block.kind, text=filling.text(block.text), html=html, url=url)


def _as_text(block: Shown) -> str:
    match block.kind:
        case "button" | "link":
            return f"{block.text}:\n{block.url}"
        case "items":
            return "\n".join(f"- {line}" for line in block.lines)
        case "code" | "verbatim" | "sentences":
            return "\n\n".join(block.lines)
        case "divider":
            return "* * *"
    return block.text


def _first_words(blocks: list[Shown]) -> str:
    """What a list of mails shows beside the subject: the first sentence, not the heading."""
    for block in blocks:
        if block.kind in ("paragraph", "sentences"):
            return (block.text or block.lines[0])[:140]
    return ""
