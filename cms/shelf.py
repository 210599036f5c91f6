"""Releases on disk: complete folders side by side, and a symlink `current` that names one of them.

    <SITE_RELEASES_DIR>/20261121T215149.123456Z-00000042/pricing/index.html
                                                        /release.json
                        current -> 20261121T215149.123456Z-00000042

A file that did not change since the release before is a hard link to it, so files are never
written in place. A folder gets its final name only when it is complete and on the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

KEEP = 5  # a slow reader may still hold the release before; an operator may want to go back
_MANIFEST = "release.json"
_UNFINISHED = ".building-"
_POINTER = "current"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One address of a release. `file` is relative to its folder, `digest` the SHA-256 in hex."""

    file: str
    digest: str
    content_type: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A complete build of the site; `entries` maps a path without its first slash to its file."""

    id: str
    folder: Path
    entries: dict[str, Entry]
    reused: int = 0

    def read(self, entry: Entry) -> tuple[bytes, float]:
        """Content and modification time (Unix seconds). Raises OSError when the release is gone."""
        with (self.folder / entry.file).open("rb") as file:
            return file.read(), os.fstat(file.fileno()).st_mtime


def root() -> Path:
    return Path(settings.SITE_RELEASES_DIR)


def current() -> Release | None:
    """The release that visitors see, or None before the first build."""
    try:
        release_id = os.readlink(root() / _POINTER)
    except OSError:
        return None
    return find(release_id)


def find(release_id: str) -> Release | None:
    """The complete release of this id, or None when it was never built or is already pruned."""
    try:
        return _load(root() / release_id)
    except OSError:
        return None


@lru_cache(maxsize=KEEP)
def _load(folder: Path) -> Release:
    """A release never changes, so a process reads its table of files once."""
    table = json.loads((folder / _MANIFEST).read_bytes())
    entries = {path: Entry(**entry) for path, entry in table["entries"].items()}
    return Release(id=folder.name, folder=folder, entries=entries, reused=table["reused"])


class Draft:
    """A release in the making. Nobody sees it before `publish`."""

    def __init__(self, release_id: str) -> None:
        self.id = release_id
        self.folder = root() / f"{_UNFINISHED}{release_id}"
        self.before = current()
        self.entries: dict[str, Entry] = {}
        self.reused = 0

    def add(self, path: str, content: bytes, *, content_type: str, title: str = "") -> None:
        """Put `content` at the address `path` ("" is the home page, "pricing/" a folder)."""
        file = path + "index.html" if path == "" or path.endswith("/") else path
        entry = Entry(
            file=file,
            digest=hashlib.sha256(content).hexdigest(),
            content_type=content_type,
            title=title,
        )
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._link(path, entry, target):
            self.reused += 1
        else:
            _write(target, content)
        self.entries[path] = entry

    def _link(self, path: str, entry: Entry, target: Path) -> bool:
        same = self.before and self.before.entries.get(path)
        if not self.before or not same or same.digest != entry.digest or same.file != entry.file:
            return False
        try:
            os.link(self.before.folder / same.file, target)
        except OSError:  # too many links, another file system, a file that somebody removed
            return False
        return True

    def publish(self) -> Release:
        """Make this what visitors see: one rename, then one atomic change of pointer."""
        table = {
            "reused": self.reused,
            "entries": {path: asdict(entry) for path, entry in self.entries.items()},
        }
        _write(self.folder / _MANIFEST, json.dumps(table, indent=1).encode())
        for folder, _, _ in os.walk(self.folder):
            _sync(Path(folder))
        final = root() / self.id
        self.folder.rename(final)
        pointer = root() / f"{_UNFINISHED}{self.id}-{_POINTER}"
        pointer.symlink_to(self.id)
        pointer.replace(root() / _POINTER)
        _sync(root())
        _prune()
        return _load(final)


@contextmanager
def drafting(release_id: str) -> Iterator[Draft]:
    """A draft that leaves nothing behind when it is not published. One at a time (release.py)."""
    root().mkdir(parents=True, exist_ok=True)
    _clear_unfinished()
    draft = Draft(release_id)
    draft.folder.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft.folder, ignore_errors=True)


def _clear_unfinished() -> None:
    """What a build left that was killed in the middle."""
    for leftover in root().glob(f"{_UNFINISHED}*"):
        if leftover.is_symlink():
            leftover.unlink(missing_ok=True)
        else:
            shutil.rmtree(leftover, ignore_errors=True)


def _prune() -> None:
    """Ids start with the time, so their order is that of building."""
    seen = os.readlink(root() / _POINTER)
    complete = sorted(path for path in root().iterdir() if path.is_dir() and not path.is_symlink())
    for old in complete[:-KEEP]:
        if old.name != seen:
            shutil.rmtree(old, ignore_errors=True)


def _write(target: Path, content: bytes) -> None:
    with target.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot sync a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
