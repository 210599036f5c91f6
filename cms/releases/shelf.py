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
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from cms.releases import pictures

KEEP = 5  # a slow reader may still hold the release before; an operator may want to go back
MANIFEST = "release.json"
_UNFINISHED = ".building-"
_POINTER = "current"
_PICTURE = re.compile(rb"/media/(images/\w[\w.-]*)")
WITHDRAWN = "withdrawn"
PICTURES = "media"


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
    pictures: Mapping[str, str] = field(default_factory=dict)  # name: SHA-256; only where shared

    @property
    def files(self) -> dict[str, str]:
        """Every file of the folder but the table, with its SHA-256."""
        pages = {entry.file: entry.digest for entry in self.entries.values()}
        return pages | {f"{PICTURES}/{name}": sha for name, sha in self.pictures.items()}

    @property
    def carried(self) -> set[str]:
        """Addresses that could not be built and still show their last copy."""
        return {failure.path.removeprefix("/") for failure in self.failures} & set(self.entries)

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


def complete(release_id: str) -> Release:
    """The release of this id. Raises OSError."""
    return _load(root() / release_id)


@lru_cache(maxsize=KEEP)
def _load(folder: Path) -> Release:
    """A release never changes, so a process reads its table of files once."""
    return read_table((folder / MANIFEST).read_bytes(), folder)


def read_table(content: bytes, folder: Path) -> Release:
    """The release of a folder with this name, as its table says. Raises ValueError, KeyError."""
    table = json.loads(content)
    entries = {path: Entry(**entry) for path, entry in table["entries"].items()}
    failures = tuple(Failure(**failure) for failure in table.get("failures", ()))
    return Release(
        id=folder.name,
        folder=folder,
        entries=entries,
        reused=table["reused"],
        failures=failures,
        pictures=table.get("pictures", {}),
    )


def picture(name: str) -> Path | None:
    """The file of a picture ("images/sign.width-800.png") that a release kept; the newest first."""
    return next((file for file in _kept(name) if file.is_file()), None)


def forget_pictures(names: Iterable[str], *, before: str = "") -> None:
    """An editor deleted them, so no release shows them any more; or none older than `before`, an id:
    a newer one has such a name because somebody gave it to another picture."""
    for name in names:
        for file in _kept(name, before=before):
            file.unlink(missing_ok=True)


def _kept(name: str, *, before: str = "") -> Iterator[Path]:
    for folder in sorted(_complete(), reverse=True):
        if not before or folder.name < before:
            yield folder / PICTURES / name


class Draft:
    """A release in the making. Nobody sees it before `publish`."""

    def __init__(self, release_id: str) -> None:
        self.id = release_id
        self.folder = root() / f"{_UNFINISHED}{release_id}"
        self.before = current()
        self.entries: dict[str, Entry] = {}
        self.failures: list[Failure] = []
        self.pictures: set[str] = set()
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
            write(target, content)
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
        for name in {found.decode() for found in _PICTURE.findall(content)} - self.pictures:
            target = self.folder / PICTURES / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if pictures.take(name, target, kept=picture(name)):
                self.pictures.add(name)

    def _link(self, path: str, entry: Entry, target: Path) -> bool:
        same = self.before and self.before.entries.get(path)
        if not self.before or not same or same.digest != entry.digest or same.file != entry.file:
            return False
        try:
            os.link(self.before.folder / same.file, target)
        except OSError:  # too many links, another file system, a file that somebody removed
            return False
        return True

    def seal(self, *, with_pictures: bool = False) -> None:
        """Write the table of files: what is here now is the release, and on the disk.

        `with_pictures` names the pictures and their digests in it, for who fetches them elsewhere.
        """
        table = {
            "reused": self.reused,
            "failures": [asdict(failure) for failure in self.failures],
            "entries": {path: asdict(entry) for path, entry in self.entries.items()},
        }
        if with_pictures:
            table["pictures"] = {name: self._digest(name) for name in sorted(self.pictures)}
        write(self.folder / MANIFEST, json.dumps(table, indent=1).encode())

    def _digest(self, picture: str) -> str:
        with (self.folder / PICTURES / picture).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def publish(self) -> Release:
        """Make this what visitors see: one rename, then one atomic change of pointer."""
        put_up(self.folder, self.id)
        return show(self.id)


def put_up(folder: Path, release_id: str) -> None:
    """Give a complete folder its final name; one rename, after all of it is on the disk."""
    for each, _, _ in os.walk(folder):
        _sync(Path(each))
    folder.rename(root() / release_id)


def show(release_id: str) -> Release:
    """Make a complete release what visitors of this machine see: one atomic change of pointer."""
    release = complete(release_id)
    pointer = root() / f"{_UNFINISHED}{release_id}-{os.getpid()}-{_POINTER}"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(release_id)
    pointer.replace(root() / _POINTER)
    _sync(root())
    _prune()
    return release


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
        found = [path for path in root().iterdir() if (path / MANIFEST).exists()]
    except OSError:
        return []
    return [p for p in found if not p.is_symlink() and not p.name.startswith(".")]


def write(target: Path, content: bytes) -> None:
    """A new file, on the disk when this returns."""
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
