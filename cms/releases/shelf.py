"""Releases on disk: complete folders side by side, and a symlink `current` that names one of them.

    <SITE_RELEASES_DIR>/20261121T215149.123456Z-00000042/pricing/index.html
                                                        /media/images/sign.2e16d0ba.width-800.png
                                                        /release.json
                        current -> 20261121T215149.123456Z-00000042
                        withdrawn/              (withdrawn.py)

A release keeps the pictures that its pages show, as hard links: whoever has such a page open, or goes
back to it, sees it whole after an editor has replaced the picture. A file that did not change since
the release before is a hard link to it, so files are never written in place. A folder gets its final
name only when it is complete and on the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

KEEP = 5  # a slow reader may still hold the release before; an operator may want to go back
_MANIFEST = "release.json"
_UNFINISHED = ".building-"
_POINTER = "current"
_PICTURE = re.compile(rb"/media/(images/\w[\w.-]*)")
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One address of a release. `file` is relative to its folder, `digest` the SHA-256 in hex, `page`
    the id of the page that it shows, `revision` that of what was published then."""

    file: str
    digest: str
    content_type: str
    title: str = ""
    page: int | None = None
    revision: int | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """An address that could not be built, and why, in words."""

    path: str
    why: str
    title: str = ""
    page: int | None = None


@dataclass(frozen=True, kw_only=True)
class Release:
    """A complete build of the site; `entries` maps a path without its first slash to its file."""

    id: str
    folder: Path
    entries: dict[str, Entry]
    reused: int = 0
    failures: tuple[Failure, ...] = ()

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
    failures = tuple(Failure(**failure) for failure in table.get("failures", ()))
    return Release(
        id=folder.name,
        folder=folder,
        entries=entries,
        reused=table["reused"],
        failures=failures,
    )


def picture(name: str) -> Path | None:
    """The file of a picture ("images/sign.width-800.png") that a release kept; the newest first."""
    return next((file for file in _kept(name) if file.is_file()), None)


def forget_pictures(names: Iterable[str]) -> None:
    """An editor deleted them, so no release shows them any more."""
    for name in names:
        for file in _kept(name):
            file.unlink(missing_ok=True)


def _kept(name: str) -> Iterator[Path]:
    for folder in sorted(_complete(), reverse=True):
        yield folder / "media" / name


class Draft:
    """A release in the making. Nobody sees it before `publish`."""

    def __init__(self, release_id: str) -> None:
        self.id = release_id
        self.folder = root() / f"{_UNFINISHED}{release_id}"
        self.before = current()
        self.entries: dict[str, Entry] = {}
        self.failures: list[Failure] = []
        self.reused = 0

    def add(
        self,
        path: str,
        content: bytes,
        *,
        content_type: str,
        title: str = "",
        page: int | None = None,
        revision: int | None = None,
    ) -> None:
        """Put `content` at the address `path` ("" is the home page, "pricing/" a folder)."""
        file = path + "index.html" if path == "" or path.endswith("/") else path
        entry = Entry(
            file=file,
            digest=hashlib.sha256(content).hexdigest(),
            content_type=content_type,
            title=title,
            page=page,
            revision=revision,
        )
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._link(path, entry, target):
            self.reused += 1
        else:
            _write(target, content)
        self._keep_pictures(content)
        self.entries[path] = entry

    def fail(self, path: str, failure: Failure, *, may_keep: bool) -> None:
        """Note that this address could not be built; with `may_keep`, visitors keep its last copy."""
        self.failures.append(failure)
        last = self.before.entries.get(path) if self.before and may_keep else None
        if self.before and last:
            with suppress(OSError):
                content, _ = self.before.read(last)
                self.add(
                    path,
                    content,
                    content_type=last.content_type,
                    title=last.title,
                    page=last.page,
                    revision=last.revision,
                )

    def _keep_pictures(self, content: bytes) -> None:
        for name in {found.decode() for found in _PICTURE.findall(content)}:
            target = self.folder / "media" / name
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            source = Path(settings.MEDIA_ROOT, name)
            _link_or_copy(source if source.is_file() else picture(name), target)

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
            "failures": [asdict(failure) for failure in self.failures],
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
    for old in sorted(_complete())[:-KEEP]:
        if old.name != seen:
            shutil.rmtree(old, ignore_errors=True)


def _complete() -> list[Path]:
    """The folders of all releases that were finished."""
    try:
        found = [path for path in root().iterdir() if (path / _MANIFEST).exists()]
    except OSError:
        return []
    return [p for p in found if not p.is_symlink() and not p.name.startswith(_UNFINISHED)]


def _link_or_copy(source: Path | None, target: Path) -> None:
    """A picture whose file is lost is no reason to keep the page from anybody."""
    if source is None:
        return
    try:
        os.link(source, target)
    except OSError:  # the pictures may lie on another file system
        with suppress(OSError):
            shutil.copyfile(source, target)


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
