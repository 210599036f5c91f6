"""Releases in the bucket that all machines share (STORAGE_URL), and which of them is the current one.

    releases/20261121T215149.123456Z-00000042.json     the release's table of files: release.json
             files/<SHA-256 of a file>                 what the tables name, each content once

Nothing there is ever written a second time. A table is put there after all of its files, and the row
in PostgreSQL, which names it with its digest, is written after the table: whoever reads the row can
fetch all of it, and knows whether it is what was built.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.utils import timezone

from cms.build_models import CurrentRelease
from cms.releases import shelf
from cms.releases.shelf import Release

log = structlog.get_logger(__name__)

_FILES = "files"
_FETCHING = ".fetching-"
_AT_ONCE = 8  # files on their way; each has a small wait of its own


class Damaged(OSError):
    """What the bucket holds is not what was built."""


def is_on() -> bool:
    """Whether releases are shared. Where not, the folder of this machine is all there is."""
    return "releases" in settings.STORAGES


def point_to(release_id: str, *, digest: str) -> None:
    """Name the release that every machine is to show; seen by others with the caller's commit."""
    said = {"release_id": release_id, "digest": digest, "moved_at": timezone.now()}
    CurrentRelease.objects.update_or_create(id=1, defaults=said)


def push(folder: Path, release_id: str) -> str:
    """Put a sealed release into the bucket; returns the digest of its table. Raises OSError."""
    table = (folder / shelf.MANIFEST).read_bytes()
    release = shelf.read_table(table, folder)
    known = set(_bucket().listdir(_FILES)[1])
    wanted = {sha: file for file, sha in release.files.items() if sha not in known}
    _each(wanted.items(), lambda each: _put(f"{_FILES}/{each[0]}", (folder / each[1]).read_bytes()))
    _put(_table(release_id), table)
    return hashlib.sha256(table).hexdigest()


def fetch(release_id: str, *, digest: str) -> Release:
    """Have the release in a folder of this machine. Raises OSError, and Damaged.

    What a release of this machine has already is linked. One caller at a time (following.alone).
    """
    if found := shelf.find(release_id):
        return found
    for leftover in shelf.root().glob(f"{_FETCHING}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    table = _read(_table(release_id), digest)
    folder = shelf.root() / f"{_FETCHING}{release_id}"
    folder.mkdir(parents=True)
    try:
        release = shelf.read_table(table, folder)
        have = _at_hand()
        _each(release.files.items(), lambda each: _bring(folder / each[0], each[1], have))
        shelf.write(folder / shelf.MANIFEST, table)  # the last: what has it is complete
        shelf.put_up(folder, release_id)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return shelf.complete(release_id)


def prune(*, shown: str) -> None:
    """Remove what is older than the last releases, and files that none of them names.

    `shown` stays, whatever the clock said of the machine that built it. Within a build, which is
    alone: nobody puts files there meanwhile. Raises OSError.
    """
    tables = [name for name in _bucket().listdir("")[1] if name.endswith(".json")]
    kept = {*sorted(tables)[-shelf.KEEP :], _table(shown)}
    named = {sha for name in kept for sha in _named_by(name)}
    for name in set(tables) - kept:
        _bucket().delete(name)
    for sha in set(_bucket().listdir(_FILES)[1]) - named:
        _bucket().delete(f"{_FILES}/{sha}")


def _named_by(table: str) -> set[str]:
    local = shelf.find(table.removesuffix(".json"))
    if local is None:
        with _bucket().open(table) as file:
            local = shelf.read_table(file.read(), Path(table))
    return set(local.files.values())


def _bucket() -> Storage:
    return storages["releases"]


def _table(release_id: str) -> str:
    return f"{release_id}.json"


def _put(name: str, content: bytes) -> None:
    with suppress(FileExistsError):  # the same content, put there by a build that was stopped
        _bucket().save(name, ContentFile(content))


def _read(name: str, digest: str) -> bytes:
    with _bucket().open(name) as file:
        content: bytes = file.read()
    if hashlib.sha256(content).hexdigest() != digest:
        raise Damaged(f"{name} in the bucket is not what was built.")
    return content


def _at_hand() -> dict[str, Path]:
    """The files of the release that this machine shows, by digest."""
    release = shelf.current()
    return {sha: release.folder / file for file, sha in release.files.items()} if release else {}


def _bring(target: Path, sha: str, have: dict[str, Path]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if sha in have:
        with suppress(OSError):  # pruned, deleted by an editor, too many links
            os.link(have[sha], target)
            return
    shelf.write(target, _read(f"{_FILES}/{sha}", sha))


def _each(items: Iterable[tuple[str, str]], do: Callable[[tuple[str, str]], None]) -> None:
    """Some at a time; raises what the first raised that failed."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="releases") as pool:
        for _ in pool.map(do, items):
            pass
