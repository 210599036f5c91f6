"""Where files of archived days stand: in a folder of this machine, or in the bucket that all machines share.

In a bucket nothing of them stays on a machine: what is erased from a file is gone everywhere at once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from django.core.files import File
from django.core.files.storage import Storage, storages

from events import conf

IN_BUCKET = "archive"  # of STORAGES


class Readable(Protocol):
    """A file of an archived day, wherever it lies; a Path is one."""

    @property
    def name(self) -> str: ...

    def open(self, mode: Any = "rb", /) -> IO[Any]:
        """Its bytes, seekable. Raises OSError."""
        ...


class Kept(Readable, Protocol):
    """A file that has its place on the shelf. All methods raise OSError."""

    @property
    def travels(self) -> bool:
        """Whether `put` copies it to another machine, so that it must be read again there."""
        ...

    def exists(self) -> bool: ...

    def unfinished(self) -> AbstractContextManager[Path]:
        """Where the file is written before it is put."""
        ...

    def put(self, finished: Path) -> None:
        """Stand in the place of what was there, at once and durably."""
        ...


class Shelf(Protocol):
    """All files of archived days."""

    def file(self, name: str) -> Kept:
        """The one of this name, `year/file`, whether or not it is there."""
        ...

    def files(self) -> list[Kept]:
        """In the order of their names. Raises OSError."""
        ...


@dataclass(frozen=True)
class InFolder:
    """See Kept."""

    path: Path
    travels = False

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    def open(self, mode: Any = "rb", /) -> IO[Any]:
        return self.path.open(mode)

    def exists(self) -> bool:
        return self.path.exists()

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        yield self.path.with_suffix(".unfinished")  # on the same disk: it is renamed

    def put(self, finished: Path) -> None:
        finished.replace(self.path)
        handle = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Folder:
    """See Shelf."""

    path: Path

    def file(self, name: str) -> Kept:
        return InFolder(self.path / name)

    def files(self) -> list[Kept]:
        return [InFolder(path) for path in sorted(self.path.glob("*/events-*.parquet"))]


@dataclass(frozen=True)
class InBucket:
    """See Kept. `storage` writes over what has the same name."""

    storage: Storage
    whole: str
    travels = True

    def __str__(self) -> str:
        return self.whole

    @property
    def name(self) -> str:
        return self.whole.rpartition("/")[2]

    def open(self, mode: Any = "rb", /) -> IO[Any]:
        opened: IO[Any] = self.storage.open(self.whole, mode)
        return opened

    def exists(self) -> bool:
        return self.storage.exists(self.whole)

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="events-") as folder:
            yield Path(folder) / self.name

    def put(self, finished: Path) -> None:
        with finished.open("rb") as file:
            self.storage.save(self.whole, File(file))


@dataclass(frozen=True)
class InStorage:
    """See Shelf."""

    storage: Storage

    def file(self, name: str) -> Kept:
        return InBucket(self.storage, name)

    def files(self) -> list[Kept]:
        years, _ = self.storage.listdir("")
        names = [f"{year}/{name}" for year in years for name in self.storage.listdir(year)[1]]
        return [self.file(name) for name in sorted(names) if name.endswith(".parquet")]


def chosen() -> Shelf:
    """In the bucket, where the settings have one for it; else in EVENTS_ARCHIVE_DIR."""
    if conf.has_storage(IN_BUCKET):
        return InStorage(storages[IN_BUCKET])
    return Folder(conf.archive_dir())
