"""Brings database, demo and site up to date; skipped when nothing they are made of changed."""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plg_site.devstack import programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.progress import Step
from plg_site.devstack.state import State
from plg_site.devstack.supervisor import Supervisor

PREPARE_SECONDS, IDENTITY_SECONDS = 300, 20
PART_DONE = re.compile(r"\d\.\d s\b")  # the command's lines: a title, seconds, and what was done
SOURCES = {".py", ".html", ".txt", ".css", ".js", ".svg", ".sql", ".gz", ".json", ".toml", ".po",
           ".mjml"}  # fmt: skip
NOT_SOURCES = {"tests", "bench", "docs", "node_modules", "__pycache__", "devstack"}
SHOWN_IN_PAGES = ("SITE_DOMAIN", "FILES_DOMAIN", "PUBLIC_PORT", "PRODUCT_APP", "STRIPE_API_HOST",
                  "STRIPE_SECRET_KEY", "EVENTS_DATABASE_URL", "DEBUG")  # fmt: skip


class PreparationFailed(Exception):
    """`manage.py prepare` failed; the message carries its last lines."""


@dataclass
class Demo:
    """What `manage.py prepare --json FILE` says about the demo."""

    logins: list[dict[str, str]] = field(default_factory=list)  # role, email, password
    demo_workspace: str = ""
    second_factor_secret: str = ""  # for an authenticator app; the log shows the codes


def prepare(supervisor: Supervisor, state: State, env: Mapping[str, str], shown: Step) -> Demo:
    """Run `manage.py prepare` unless its stamp fits this database. Raises PreparationFailed."""
    stamp, about = state.path / "prepared", state.path / "demo.json"
    sources = _fingerprint(env)
    if stamp.is_file() and stamp.read_text() == f"{sources} {_identity(supervisor, env)}":
        shown.note = "unchanged"
        return _read(about)

    def show(line: str) -> None:
        shown.part(line) if PART_DONE.search(line) else shown.doing(line)

    command = programs.manage("prepare", "--demo", "--progress", "--json", str(about))
    code = supervisor.run(
        "prepare", command, env=env, within=PREPARE_SECONDS, each_line=show,
        parent=programs.PRELOADED,
    )  # fmt: skip
    if code != 0:
        said = "\n".join(f"    {line}" for line in supervisor.log.recent("prepare")[-25:])
        raise PreparationFailed(f"manage.py prepare failed (exit code {code}):\n{said}")
    stamp.write_text(f"{sources} {_identity(supervisor, env)}")
    return _read(about)


def _read(about: Path) -> Demo:
    try:
        told = json.loads(about.read_text())
    except (OSError, ValueError):
        return Demo()
    return Demo(
        logins=told.get("logins", []),
        demo_workspace=told.get("demo_workspace", ""),
        second_factor_secret=told.get("second_factor_secret", ""),
    )


def _fingerprint(env: Mapping[str, str]) -> str:
    """A hash of all that the prepared state is made from: code, templates, assets, settings."""
    digest = hashlib.sha256()
    for name in SHOWN_IN_PAGES:
        digest.update(f"{name}={env.get(name, '')}\n".encode())
    for path in sorted(sources(ROOT)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sources(root: Path) -> Iterator[Path]:
    """The files that the processes of the project read."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_SOURCES and name[0] != "."]
        yield from (Path(folder, name) for name in files if Path(name).suffix in SOURCES)


def _identity(supervisor: Supervisor, env: Mapping[str, str]) -> str:
    """Tells this database from one of the same name that was made again, or is empty."""
    said: list[str] = []
    code = supervisor.run(
        "database", programs.python("-m", "plg_site.devstack.database_identity"), env=env,
        within=IDENTITY_SECONDS, each_line=said.append, parent=programs.PRELOADED,
    )  # fmt: skip
    if code != 0:
        raise PreparationFailed("The database does not answer:\n" + "\n".join(said[-5:]))
    return said[-1]
