"""Letters as apps declare them, each in a file `letters.toml` beside its code:

    [variables.workspace]
    type = "text"                       # text, word, code, url, lines or verbatim
    says = "The name of the workspace"
    example = "Acme"                    # and `fallback`, where it may be missing

    [letters.suspended]
    label = "Workspace suspended"
    when = "Staff close a workspace for the time being: to its owners."
    topic = "workspace"
    uses = ["workspace", "because"]     # and `needs`, `event`
    subject = "{{ workspace }} is suspended"
    body = [
      { heading = "{{ workspace }} is suspended" },
      { button = "Open it", url = "workspace_url", only_with = "workspace_url" },
    ]

Beside it, since what lies below this app can declare its own so, too, and import nothing.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.apps import apps

from outbound.letters import kinds
from outbound.letters.content import FIELDS, Block, Content
from outbound.letters.kinds import LetterKind, Type, Variable

FILE = "letters.toml"


class WrongDeclaration(ValueError):
    """The file, and what in it cannot be."""


def load() -> None:
    """Register the letters of all installed apps. Raises WrongDeclaration."""
    for config in apps.get_app_configs():
        path = Path(config.path, FILE)
        if path.is_file():
            kinds.register(*read(path, app=config.label))


def read(path: Path, *, app: str) -> list[LetterKind]:
    """Raises WrongDeclaration."""
    said = tomllib.loads(path.read_text())
    try:
        variables = {name: _variable(each) for name, each in said.get("variables", {}).items()}
        return [
            _kind(f"{app}.{name}", each, variables)
            for name, each in said.get("letters", {}).items()
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise WrongDeclaration(f"{path}: {error!r}") from error


def _variable(said: Mapping[str, Any]) -> Variable:
    example = said["example"]
    return Variable(
        Type(said["type"]),
        said["says"],
        tuple(example) if isinstance(example, list) else example,
        said.get("fallback"),
    )


def _kind(key: str, said: dict[str, Any], variables: Mapping[str, Variable]) -> LetterKind:
    said = dict(said)
    content = Content(
        said.pop("subject"), said.pop("preheader", ""), tuple(map(_block, said.pop("body")))
    )
    own = {name: variables[name] for name in said.pop("uses", [])}
    return LetterKind(key, content=content, own=own, needs=tuple(said.pop("needs", ())), **said)


def _block(said: Mapping[str, Any]) -> Block:
    """Its first key names the kind, and gives the first field of it."""
    (kind, first), *more = said.items()
    if kind not in FIELDS:
        raise ValueError(f"there is no block {kind!r}")
    named = {FIELDS[kind][0]: first} if FIELDS[kind] else {}
    return Block(kind, **named, **dict(more))
