"""The words of a letter: subject, preheader, and blocks. The same shape whether code or an editor wrote it.

Editors' blocks are those of a StreamField (`outbound.edited_letters`); `from_raw` reads what that
stores, so that a block whose kind is gone is seen instead of lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# By kind, the fields of a block; the first is what its line in letters.toml is called by.
FIELDS: dict[str, tuple[str, ...]] = {
    "heading": ("text",),
    "paragraph": ("text",),
    "note": ("text",),
    "button": ("text", "url"),
    "link": ("text", "url"),
    "code": ("variable",),
    "sentences": ("variable",),
    "items": ("variable",),
    "verbatim": ("variable",),
    "divider": (),
}
MOST_BLOCKS = 40


@dataclass(frozen=True)
class Block:
    """`text` may hold placeholders; `variable` and `only_with` name a variable, and `url` names one or
    is an https address. With `only_with`, the block is left out while that variable is empty."""

    kind: str
    text: str = ""
    url: str = ""
    variable: str = ""
    only_with: str = ""


@dataclass(frozen=True)
class Content:
    subject: str
    preheader: str
    body: tuple[Block, ...]


def from_raw(subject: str, preheader: str, raw: Iterable[Mapping[str, Any]]) -> Content:
    """Of a StreamField's `raw_data`. Kinds that there are not stay in, for `problems` to name."""
    return Content(subject, preheader, tuple(map(_block, raw)))


def _block(raw: Mapping[str, Any]) -> Block:
    value = raw.get("value")
    fields: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
    known = (*FIELDS.get(str(raw["type"]), ()), "only_with")
    return Block(str(raw["type"]), **{key: str(fields.get(key) or "") for key in known})


def as_raw(content: Content) -> list[dict[str, Any]]:
    """The blocks as a StreamField takes them."""
    return [
        {
            "type": block.kind,
            "value": {key: getattr(block, key) for key in (*FIELDS[block.kind], "only_with")},
        }
        for block in content.body
    ]
