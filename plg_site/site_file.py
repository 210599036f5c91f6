"""`site.toml`: what makes a copy of the platform somebody's own. Of the standard library alone."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NAME = "site.toml"
SAMPLE = "product"  # which comes with the platform


def product(root: Path = ROOT) -> str:
    """The app that is the product, where the environment does not say another."""
    return str(_read(root).get("product", SAMPLE))


def own_products(root: Path = ROOT) -> list[str]:
    """Those that `bin/new-product` has made."""
    return [str(name) for name in _read(root).get("own_products", [])]


@dataclass(frozen=True)
class Brand:
    """What people know it by. `mark` is a file of static/, `words` no workspace's address may contain."""

    name: str = "Your product"
    line: str = ""
    mark: str = "img/mark.svg"
    sender: str = ""
    words: Sequence[str] = ()


def brand(root: Path = ROOT) -> Brand:
    """Raises TypeError for a word that there is not."""
    said = Brand(**_read(root).get("brand", {}))
    return replace(said, sender=said.sender or said.name)


def with_product(text: str, name: str) -> str:
    """The file's text with another product, which is one of this copy's own. Raises ValueError."""
    before = tomllib.loads(text)
    own = [*before.get("own_products", []), name]
    lines = []
    for line in text.splitlines():
        key = line.partition("=")[0].strip()
        if key == "product":
            line = f'product = "{name}"'
        if key == "own_products":
            line = f"own_products = [{', '.join(f'{chr(34)}{each}{chr(34)}' for each in own)}]"
        lines.append(line)
    changed = "\n".join(lines) + "\n"
    if tomllib.loads(changed) != {**before, "product": name, "own_products": own}:
        raise ValueError(
            f"{NAME} must have `product` and `own_products`, each on a line of its own."
        )
    return changed


def _read(root: Path) -> dict[str, Any]:
    """Raises tomllib.TOMLDecodeError, with the line, where it is none."""
    file = root / NAME
    return tomllib.loads(file.read_text()) if file.is_file() else {}
