"""docs/settings.md: every variable of the environment that the project reads.

What there is comes from the settings themselves (`env.READ`), what it means from settings_words.toml;
a test holds the two together, so that none stays undocumented.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

from plg_site.configuration.env import FROM_FILE, Read

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
WORDS = Path(__file__).with_name("settings_words.toml")
_EXTRA = ("outside", "defaults")
_ASK = (
    "import json; from dataclasses import asdict; from plg_site import settings;"
    "from plg_site.configuration import env;"
    "print(json.dumps({name: asdict(read) for name, read in env.READ.items()}))"
)
# Enough for the settings to be read; where nothing listens, as nothing is asked.
_LEAST = {
    "SECRET_KEY": "x" * 40,
    "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "EVENTS_DATABASE_URL": "postgres://nobody@127.0.0.1/other",
    "REDIS_URL": "redis://127.0.0.1/0",
    "EMAIL_URL": "smtp://127.0.0.1",
    "STRIPE_SECRET_KEY": "sk_test_none",
}


class Undocumented(Exception):
    """Variables without words, or words without a variable. Says which."""


def read_by_settings() -> dict[str, Read]:
    """What the settings ask for where nothing but the necessary is set, in a process of its own."""
    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _ASK], cwd=ROOT, env={**_LEAST, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {name: Read(**read) for name, read in json.loads(said).items()}


def page(read: Mapping[str, Read]) -> str:
    """The text of docs/settings.md. Raises Undocumented."""
    words = tomllib.loads(WORDS.read_text())
    groups = {title: group for title, group in words.items() if title not in _EXTRA}
    named = [name for group in groups.values() for name in group]
    if wrong := sorted({*read} ^ {*named}):
        raise Undocumented(f"In plg_site/settings_words.toml or in the settings alone: {wrong}")
    lines = [_HEAD]
    for title, group in groups.items():
        lines += [f"\n## {title}", *_TABLE]
        lines += [_row(name, about, read[name], words["defaults"]) for name, about in group.items()]
    lines += ["\n## Read by others than the settings", *_TABLE]
    lines += [
        _line(name, "text", d and f"`{d}`", about) for name, (d, about) in words["outside"].items()
    ]
    return "\n".join(lines) + "\n"


_HEAD = f"""# Settings
Each comes from the environment. `bin/manage check` names all that are missing or wrong at once.
A secret may come as a file instead: `NAME{FROM_FILE}=/run/secrets/name`, for any of them.
`bin/dev` makes up what is not given. This page is made by `bin/manage settings_reference`."""
_TABLE = ("| variable | value | without it | meaning |", "| --- | --- | --- | --- |")


def _row(name: str, about: str, read: Read, defaults: Mapping[str, str]) -> str:
    plain = "**must be set**" if read.default is None else f"`{read.default}`"
    default = defaults.get(name) or ("" if read.default == "" else plain)
    return _line(name, read.kind, default, about)


def _line(name: str, kind: str, default: str, about: str) -> str:
    return f"| `{name}` | {kind} | {default} | {about} |"
