"""One table in shared memory for all processes of a machine: a row a series, a column a process.

The file has one size for ever (a page of it that nobody has written takes no room). A process writes to
its own column only, so nobody waits for anybody. A column belongs to whoever holds the lock on its byte
(fcntl(2)); the kernel lets go of it when the process ends, however it ends, and the next process that
comes takes the column over and counts on from what stands there. So a total never goes back, and there
is nothing to tidy.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROWS, COLUMNS = 2_048, 96
LEVEL = "="  # what the key of a series begins with that holds only while its process lives
KEY = 192  # bytes of a series: its name and labels
_MAGIC = b"plg-metrics-1\n".ljust(24, b"\0")
_USED = len(_MAGIC)  # where the number of rows in use stands
_HEAD = 64
_VALUES = _HEAD + ROWS * KEY
SIZE = _VALUES + COLUMNS * ROWS * 8
_FORMING = COLUMNS  # the byte whose lock is for who changes rows


class Table:
    """The table as one process sees it. Raises OSError where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(path, flags, 0o600)
        self._lock = threading.Lock()
        self._rows: dict[str, int] = {}
        about = os.fstat(self._fd)
        if about.st_uid != os.geteuid() or about.st_nlink != 1:
            os.close(self._fd)
            raise PermissionError(f"{path} belongs to somebody else.")
        with self._forming():
            if os.fstat(self._fd).st_size != SIZE:
                os.ftruncate(self._fd, 0)
                os.ftruncate(self._fd, SIZE)
            self._map = mmap.mmap(self._fd, SIZE)
            if self._map[: len(_MAGIC)] != _MAGIC:
                self._map[:_VALUES] = _MAGIC.ljust(_VALUES, b"\0")
        self._values = memoryview(self._map)[_VALUES:].cast("d")
        self.column = self._take_a_column()
        if self.column is not None:
            for key, row in self.keys().items():
                if key.startswith(LEVEL):
                    self.put(row, 0.0)

    def close(self) -> None:
        """Let go of the column."""
        self._values.release()
        self._map.close()
        os.close(self._fd)

    # --- Writing ------------------------------------------------------------------------------

    def row(self, key: str) -> int | None:
        """The row of a series, made when it is new; None when there is no room for another."""
        found = self._rows.get(key)
        if found is not None:
            return found
        with self._lock:
            self._learn()
            if key not in self._rows and not self._make(key):
                return None
            return self._rows[key]

    def add(self, *amounts: tuple[int, float]) -> None:
        """Add to rows of this process, all at once."""
        if self.column is None:
            return
        at = self.column * ROWS
        with self._lock:
            for row, amount in amounts:
                self._values[at + row] += amount

    def put(self, row: int, value: float) -> None:
        """What holds for this process now."""
        if self.column is not None:
            self._values[self.column * ROWS + row] = value

    # --- Reading ------------------------------------------------------------------------------

    def keys(self) -> dict[str, int]:
        """All series and their rows."""
        with self._lock:
            self._learn()
            return dict(self._rows)

    def total(self, row: int) -> float:
        """Over all processes that ever were."""
        return sum(self._values[row::ROWS])

    def now(self, row: int, alive: list[int]) -> float:
        """Over these columns."""
        return sum(self._values[column * ROWS + row] for column in alive)

    def alive(self) -> list[int]:
        """Columns that a living process holds."""
        found = []
        for column in range(COLUMNS):
            if column == self.column or not self._is_free(column):
                found.append(column)
        return found

    # ------------------------------------------------------------------------------------------

    def _take_a_column(self) -> int | None:
        for column in range(COLUMNS):
            try:
                fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, column)
            except OSError:
                continue
            return column
        return None  # as many processes as there are columns: this one is not counted

    def _is_free(self, column: int) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, column)
        except OSError:
            return False
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, column)
        return True

    def _learn(self) -> None:
        """Rows that other processes have made since."""
        for row in range(len(self._rows), self._used()):
            at = _HEAD + row * KEY
            self._rows[self._map[at : at + KEY].rstrip(b"\0").decode()] = row

    def _make(self, key: str) -> bool:
        said = key.encode()
        if len(said) > KEY:
            return False
        with self._forming():
            self._learn()
            if key in self._rows:
                return True
            row = self._used()
            if row >= ROWS:
                return False
            at = _HEAD + row * KEY
            self._map[at : at + KEY] = said.ljust(KEY, b"\0")
            self._map[_USED : _USED + 4] = struct.pack("<I", row + 1)
            self._rows[key] = row
        return True

    def _used(self) -> int:
        return int(struct.unpack("<I", self._map[_USED : _USED + 4])[0])

    @contextmanager
    def _forming(self) -> Iterator[None]:
        fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, _FORMING)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, _FORMING)
