"""`site.toml`: what makes a copy of the platform somebody's own. Of the standard library alone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NAME = "site.toml"
SAMPLE = "product"  # which comes with the platform
SAMPLE_BRAND = "Signpost"


def product(root: Path = ROOT) -> str:
    """The app that is the product, where the environment does not say another."""
    return str(_read(root).get("product", SAMPLE))


def own_products(root: Path = ROOT) -> list[str]:
    """Those that `bin/new-product` has made."""
    return [str(name) for name in _read(root).get("own_products", [])]


@dataclass(frozen=True)
class Brand:
    """What people know it by.

    `mark` is a file of static/, `art` a template beside the first words (none: no picture), `claim` a
    sentence beside sign-in, `words` no workspace's address may contain.
    """

    name: str = "Your product"
    line: str = ""
    claim: str = ""
    mark: str = "img/mark.svg"
    art: str = ""
    sender: str = ""
    words: Sequence[str] = ()


def brand(root: Path = ROOT) -> Brand:
    """Raises TypeError for a word that there is not."""
    said = Brand(**_read(root).get("brand", {}))
    claim = said.claim or (f"{said.line[:1].upper()}{said.line[1:]}." if said.line else said.name)
    return replace(said, sender=said.sender or said.name, claim=claim)


def with_product(text: str, name: str) -> str:
    """The file's text with another product, which is one of this copy's own. Raises ValueError.

    While the brand is still the sample's, the product's name takes its place.
    """
    before = tomllib.loads(text)
    own = [*before.get("own_products", []), name]
    changes: dict[tuple[str, str], Any] = {("", "product"): name, ("", "own_products"): own}
    brand = before.get("brand", {})
    if brand.get("name") == SAMPLE_BRAND:
        title = name.replace("_", " ").capitalize()
        said: dict[str, Any] = {"name": title, "line": "", "claim": "", "art": "", "sender": title}
        said["words"] = [title.lower().replace(" ", "")]
        changes |= {("brand", key): value for key, value in said.items() if key in brand}
        brand = {**brand, **{key: value for (_, key), value in changes.items() if key in brand}}
    changed = _with(text, changes)
    wanted = {**before, "product": name, "own_products": own} | ({"brand": brand} if brand else {})
    if tomllib.loads(changed) != wanted:
        raise ValueError(
            f"{NAME} must have `product` and `own_products`, each on a line of its own."
        )
    return changed


def _with(text: str, changes: dict[tuple[str, str], Any]) -> str:
    """The same lines, but those of these keys (table and name); comments stay."""
    lines, table = [], ""
    for line in text.splitlines():
        key = line.partition("=")[0].strip()
        if key.startswith("["):
            table = key.strip("[]")
        if (table, key) in changes:
            line = f"{key} = {json.dumps(changes[table, key], ensure_ascii=False)}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _read(root: Path) -> dict[str, Any]:
    """Raises tomllib.TOMLDecodeError, with the line, where it is none."""
    file = root / NAME
    return tomllib.loads(file.read_text()) if file.is_file() else {}
