"""Which version prepared this database last, and whether this code may follow it.

`begin` refuses before anything is touched: an older version than the one that was here (its code
does not know the newer tables), and a jump over one of the stops (`versions.toml`). Then it writes
the version down, and `finish` that all of its steps are done: one that was interrupted half-way
counts as been here for the first question, and not for the second.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.utils import timezone

from plg_site.models import Preparation

FILE = Path(__file__).with_name("versions.toml")
Numbers = tuple[int, ...]


class CannotFollow(Exception):
    """This code must not prepare this database; the message says which version to install."""


@dataclass(frozen=True)
class Declared:
    """What `versions.toml` says. Versions as they are written there: numbers with full stops."""

    version: str
    stops: tuple[str, ...]
    unstamped: str


@dataclass(frozen=True)
class Standing:
    """The newest version that was begun here, and the newest that was finished; "" for none."""

    begun: str = ""
    finished: str = ""


def declared(file: Path | None = None) -> Declared:
    said = tomllib.loads((file or FILE).read_text())
    return Declared(said["version"], tuple(said["stops"]), said["unstamped"])


def numbers(version: str) -> Numbers:
    """ "1.10.0" as something that can be compared. Raises ValueError for anything else."""
    return tuple(int(part) for part in version.split("."))


def standing() -> Standing:
    """What is written in the database; of one from before versions were, the unstamped version."""
    if _is_there("plg_site_preparation"):
        rows = list(Preparation.objects.values_list("version", "finished_at"))
        if rows:
            begun = [version for version, _ in rows]
            done = [version for version, finished_at in rows if finished_at]
            return Standing(_newest(begun), _newest(done))
    if _is_there("django_migrations"):
        return Standing(declared().unstamped, declared().unstamped)
    return Standing()


def refusal(found: Standing, ours: Declared) -> str:
    """Why this code must not go on with that; "" when it may."""
    here = numbers(ours.version)
    if found.begun and numbers(found.begun) > here:
        return (
            f"This database was prepared by version {found.begun}, and this is {ours.version}, which"
            f" is older and does not know its tables. Nothing was changed. Install {found.begun} or"
            " later, or restore a backup from before it (docs/backups.md)."
        )
    for stop in sorted(ours.stops, key=numbers):
        if _is_ahead(numbers(stop), found) and numbers(stop) < here:
            return (
                f"This database is of version {found.finished or found.begun}, and {ours.version} can"
                f" only follow {stop} or later. Nothing was changed. Install {stop} first, run its"
                f" manage.py prepare to the end, then come back to {ours.version}."
            )
    return ""


def _is_ahead(stop: Numbers, found: Standing) -> bool:
    """Whether that installation has yet to pass the stop. A new one has nothing to bring along."""
    if found.finished:
        return stop > numbers(found.finished)
    return bool(found.begun) and stop >= numbers(found.begun)


def begin() -> str:
    """Refuse, or write down that this version is at work, where there is a table for it; in words
    what it follows. Raises CannotFollow, and has then changed nothing."""
    ours, found = declared(), standing()
    if why := refusal(found, ours):
        raise CannotFollow(why)
    if _is_there("plg_site_preparation"):
        Preparation.objects.get_or_create(
            version=ours.version, defaults={"begun_at": timezone.now()}
        )
    if found.begun in ("", ours.version):
        return ours.version
    return f"{ours.version}, after {found.begun}"


def finish() -> str:
    """Write down that all steps of this version are done."""
    ours = declared()
    Preparation.objects.filter(version=ours.version, finished_at=None).update(
        finished_at=timezone.now()
    )
    return ours.version


def _newest(versions: list[str]) -> str:
    return max(versions, key=numbers, default="")


def _is_there(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"public.{table}"])
        return bool(cursor.fetchone()[0])
