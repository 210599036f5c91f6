"""Events on disk while the stream does not take them: bounded, durable, delivered later.

Each file holds one event a line. Who writes or delivers a file holds its lock (flock), so any
number of processes and readers share the folder, and a file of a dead process is anybody's.
A process that writes here delivers it, too (attending.py); `consume_events` on the same disk may.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from events import conf


class SpoolFull(RuntimeError):
    """The folder holds as much as it may."""


class Spool:
    """A folder of event files, at most `max_bytes` in sum (plus what is being written)."""

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._writing = threading.Lock()

    def keep(self, lines: Sequence[bytes]) -> None:
        """Write encoded events; on the disk when this returns. Raises SpoolFull, OSError."""
        data = b"".join(line + b"\n" for line in lines)
        with self._writing:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self.size() + len(data) > self._max_bytes:
                raise SpoolFull(f"The spool holds {self._max_bytes} bytes.")
            with self._own_file() as file:
                if not _ends_a_line(file):
                    data = b"\n" + data  # a write that a crash cut short: keep it apart from ours
                _write_all(file, data)
                os.fsync(file)

    def size(self) -> int:
        """Bytes that wait here."""
        return sum(_size(path) for path in self.files())

    def files(self) -> list[Path]:
        """The files that wait here, oldest name first."""
        return sorted(self._folder.glob("*.jsonl"))

    @contextmanager
    def claimed(self) -> Iterator[Path | None]:
        """One file that nobody else writes or delivers; it is deleted unless the block raises."""
        for path in self.files():
            with _locked(path, os.O_RDONLY) as file:
                if file is not None and os.fstat(file).st_nlink:
                    yield path
                    path.unlink()
                    return
        yield None

    @contextmanager
    def _own_file(self) -> Iterator[int]:
        """A file to append to, locked. Skips those that are being delivered at this moment."""
        attempt = 0
        while True:
            path = self._folder / f"{os.uname().nodename}-{os.getpid()}-{attempt}.jsonl"
            is_new = not path.exists()
            with _locked(path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
                if file is not None and os.fstat(file).st_nlink:
                    yield file
                    if is_new:
                        _sync_folder(self._folder)
                    return
            attempt += 1


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[int | None]:
    """The open file under its lock, or None when it is gone or somebody else holds it."""
    try:
        file = os.open(path, flags, 0o600)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield file
    finally:
        os.close(file)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # delivered meanwhile
        return 0


def _ends_a_line(file: int) -> bool:
    end = os.fstat(file).st_size
    return end == 0 or os.pread(file, 1, end - 1) == b"\n"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def get_spool() -> Spool:
    """The spool that settings name."""
    return _spool(conf.spool_dir(), conf.spool_max_bytes())


@cache
def _spool(folder: Path, max_bytes: int) -> Spool:
    return Spool(folder, max_bytes=max_bytes)
