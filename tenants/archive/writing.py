"""A ZIP file (APPNOTE 6.3, with ZIP64) that is written from front to back, with a checksum of each entry."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from tenants.archive.layout import Entry

_PERMISSIONS = 0o100600 << 16  # a plain file of the one who unpacks it


class Sink:
    """An entry that is open for writing."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self.size = self.lines = 0

    def write(self, data: bytes) -> None:
        self._digest.update(data)
        self.size += len(data)
        self._out.write(data)

    def line(self, text: bytes) -> None:
        """One line of JSON, without its end."""
        self.write(text + b"\n")
        self.lines += 1

    @property
    def entry(self) -> Entry:
        return Entry(self.size, self._digest.hexdigest(), self.lines)


class ArchiveWriter:
    """Keeps no more than a block of an entry in memory. `entries` grows as they are closed."""

    def __init__(self, out: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(out, "w")
        self.entries: dict[str, Entry] = {}

    @contextmanager
    def open(self, name: str, *, packed: bool = True) -> Iterator[Sink]:
        """One entry at a time. Files are not packed: most are already, and a reader that fears zip
        bombs could not tell a file of zeros from one."""
        info = zipfile.ZipInfo(name)
        info.external_attr = _PERMISSIONS
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self._zip.open(info, "w", force_zip64=True) as out:
            sink = Sink(out)
            yield sink
        self.entries[name] = sink.entry

    def close(self) -> None:
        """Write the directory, without which it is no archive."""
        self._zip.close()
