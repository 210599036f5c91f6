"""What is known of an archive's rows without believing them: sizes, checksums, samples, amounts.

An archive may come from anywhere, and somebody may have written into it that a file has one byte, or
that every link came with the workspace. Plans are limited by these, so they are taken from what was
read and compared, and from nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.archive import layout
from tenants.archive.declared import Portability
from tenants.archive.layout import Manifest


@dataclass(frozen=True)
class FileLine:
    """A line of files.jsonl, of a file whose size (bytes) and SHA-256 are what it says."""

    name: str
    size: int
    sha256: str


@dataclass
class Facts:
    """Of one archive: its files by name, and what its rows add to each meter (`count`)."""

    manifest: Manifest
    product: Portability
    files: Mapping[str, FileLine]
    amounts: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)  # files that a row has (`count`)

    def of_row(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """The columns of this row that are not for the archive to say, with what they are."""
        known: dict[str, Any] = {}
        for column, of_file in self.product.sizes.get(table, {}).items():
            known[column] = self._file(row, of_file).size
        for column, of_file in self.product.checksums.get(table, {}).items():
            known[column] = self._file(row, of_file).sha256
        mark = self.product.samples.get(table)
        if mark is not None and not self._is_ours():
            known[mark] = False
        return {column: value for column, value in known.items() if column in row}

    def count(self, table: str, row: Mapping[str, Any]) -> None:
        """Add what this row will count for, and has. Raises ValueError for a mark that is none."""
        self.named |= {
            row[column] for column in self.product.files.get(table, ()) if row.get(column)
        }
        mark = self.product.samples.get(table, "")
        if not isinstance(row.get(mark, False), bool):
            raise ValueError(f"{mark} must be true or false")
        row = {**row, **self.of_row(table, row)}
        if row.get(mark):
            return
        for meter, what in self.product.metered.get(table, {}).items():
            self.amounts[meter] += what if isinstance(what, int) else int(row.get(what) or 0)

    def _file(self, row: Mapping[str, Any], column: str) -> FileLine:
        """One that is missing, or whose name nobody noted, has nothing in it."""
        name = row.get(column)
        return self.files.get(name or "", FileLine("", 0, ""))

    def _is_ours(self) -> bool:
        """Whether this installation wrote it: opening has checked the signature of who says so."""
        return self.manifest.made_by == layout.installation()
