"""Reads an archive from its first byte to its last, before anything is written.

What comes out is known to be whole (sizes, checksums, counts), to fit the tables of this
installation, and to name only files that it has. Whether PostgreSQL takes each value is found out by
writing it, in a transaction that is rolled back if not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import msgspec
from django.conf import settings
from django.core.exceptions import ValidationError

from tenants.archive import layout, shared, tables
from tenants.archive.declared import portability
from tenants.archive.export import Progress
from tenants.archive.facts import Facts, FileLine
from tenants.archive.opening import Opened
from tenants.archive.refusals import ArchiveRefused

_LINE_MOST = 16 * 1024 * 1024
_BLOCK = 256 * 1024
_rows = msgspec.json.Decoder(dict[str, msgspec.Raw])


_files = msgspec.json.Decoder(FileLine)


def verify(
    opened: Opened,
    known: tables.Tables,
    *,
    progress: Progress = lambda part, done, total: None,
) -> Facts:
    """What is known of its rows. Raises ArchiveRefused with the first thing that is wrong.

    `known`: the tables of a new workspace.
    """
    manifest = opened.manifest
    if manifest.product != settings.PRODUCT_APP:
        raise ArchiveRefused("another_product", manifest.product)
    _same_entries(opened)
    _compatible(manifest, known)
    _within_bounds(manifest)
    total, done = sum(opened.sizes.values()), 0
    facts = Facts(manifest, portability(), _verify_files(opened))
    for name, entry in manifest.entries.items():
        check = _row_check(name, facts)
        _verify_lines(opened, name, entry, check)
        done += entry.size
        progress("checking", done, total)
    if unnamed := facts.files.keys() - facts.named:  # it would lie there, and count for nothing
        raise ArchiveRefused("unnamed_file", layout.file_entry(min(unnamed)))
    return facts


def _same_entries(opened: Opened) -> None:
    """The manifest and the directory name the same; files are compared with their own index."""
    listed = set(opened.manifest.entries)
    here = {name for name in opened.sizes if not name.startswith("files/")}
    here -= {layout.MANIFEST, layout.SIGNATURE}
    if extra := here - listed:
        raise ArchiveRefused("unlisted_entry", min(extra))
    needed = listed | {layout.FILES, *map(layout.table_entry, opened.manifest.tables)}
    if missing := needed - here:
        raise ArchiveRefused("missing_entry", min(missing))
    entries = {layout.table_entry(table) for table in opened.manifest.tables}
    if extra := {name for name in listed if name.startswith("tables/")} - entries:
        raise ArchiveRefused("unknown_table", min(extra))


def _compatible(manifest: layout.Manifest, known: tables.Tables) -> None:
    """Older archives are taken when nothing of theirs is unknown here and nothing needed is missing."""
    made = manifest.migrations[-1] if manifest.migrations else "no migration"
    for table, columns in manifest.tables.items():
        if table not in known:
            raise ArchiveRefused("unknown_table", f"{table}; made at {made}")
        for name, kind in columns.items():
            here = known[table].get(name)
            if here is None:
                raise ArchiveRefused("unknown_column", f"{table}.{name}; made at {made}")
            if here.type != kind:
                raise ArchiveRefused(
                    "other_column_type", f"{table}.{name}: {kind}, not {here.type}"
                )
        for column in known[table].values():
            if column.is_needed and column.name not in columns:
                raise ArchiveRefused("missing_column", f"{table}.{column.name}; made at {made}")


def _within_bounds(manifest: layout.Manifest) -> None:
    """Nothing that an import writes is longer than its part allows; lines are counted later."""
    for name, part in shared.parts().items():
        entry = layout.shared_entry(name)
        said = manifest.entries.get(entry)
        if said is not None and part.most and said.lines > part.most:
            raise ArchiveRefused("too_many_rows", f"{entry}: {said.lines}, of {part.most}")


def _verify_files(opened: Opened) -> dict[str, FileLine]:
    """Each file has the size and the checksum of the index; returns them by name."""
    names: dict[str, FileLine] = {}
    for line in lines(opened, layout.FILES):
        try:
            said = _files.decode(line)
        except msgspec.MsgspecError as error:
            raise ArchiveRefused("bad_row", f"{layout.FILES}: {error}") from error
        entry = layout.file_entry(said.name)
        if said.name in names:
            raise ArchiveRefused("duplicate_entry", entry)
        if entry not in opened.sizes:
            raise ArchiveRefused("missing_entry", entry)
        with opened.stream(entry) as content:
            size, sha256 = _digest(content)
        _equal(entry, said.size, size, said.sha256, sha256)
        names[said.name] = said
    here = sum(name.startswith("files/") for name in opened.sizes)
    if here != len(names):
        raise ArchiveRefused("unlisted_entry", f"{here - len(names)} files")
    if opened.manifest.files.count != len(names):
        raise ArchiveRefused("wrong_count", "files")
    return names


def _verify_lines(
    opened: Opened, name: str, entry: layout.Entry, check: Callable[[bytes], None]
) -> None:
    digest, size, count = hashlib.sha256(), 0, 0
    for line in lines(opened, name):
        digest.update(line)
        size += len(line)
        count += 1
        try:
            check(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ArchiveRefused("bad_row", f"{name}, line {count}: {error}") from error
        except ValidationError as error:
            words = "; ".join(error.messages)
            raise ArchiveRefused("bad_value", f"{name}, line {count}: {words}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:  # of another type
            raise ArchiveRefused("bad_value", f"{name}, line {count}: {error}") from error
    _equal(name, entry.size, size, entry.sha256, digest.hexdigest())
    if count != entry.lines:
        raise ArchiveRefused("wrong_count", f"{name}: {count}, not {entry.lines}")


def _row_check(name: str, facts: Facts) -> Callable[[bytes], None]:
    folder, _, rest = name.partition("/")
    if folder != "tables":
        return _is_row
    table = rest.removesuffix(".jsonl")
    return _RowCheck(table, facts)


def _is_row(line: bytes) -> None:
    """A JSON object, whatever is in it."""
    _rows.decode(line)


class _RowCheck:
    """Whether a line is a row of a table, has files that are there, and is one that a page would make."""

    def __init__(self, table: str, facts: Facts) -> None:
        manifest, product = facts.manifest, facts.product
        self._table, self._facts = table, facts
        self._columns = manifest.tables[table].keys()
        self._files = set(facts.files) | set(manifest.files.missing)
        self._of_files = product.files.get(table, ())
        self._emptied = product.emptied.get(table, {})
        self._product = product

    def __call__(self, line: bytes) -> None:
        row: Mapping[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
        if row.keys() != self._columns:
            differing = row.keys() ^ self._columns
            raise ArchiveRefused("bad_row", f"{self._table}: {', '.join(sorted(differing))[:100]}")
        for column in self._of_files:
            if (name := row.get(column)) is not None and name not in self._files:
                raise ArchiveRefused("missing_file", f"{self._table}.{column}: {name!r}"[:200])
        for column, value in self._emptied.items():
            if column in row and row[column] != value:
                raise ArchiveRefused("bad_value", f"{self._table}.{column} must be empty")
        self._product.check(self._table, row)
        self._facts.count(self._table, row)


def lines(opened: Opened, name: str) -> Iterator[bytes]:
    """Each line with its end; none may be longer than memory likes."""
    with opened.stream(name) as content:
        while line := content.readline(_LINE_MOST + 1):
            if len(line) > _LINE_MOST:
                raise ArchiveRefused("bad_row", f"{name}: a line is too long")
            yield line


def _digest(content: IO[bytes]) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := content.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _equal(name: str, said: int, size: int, said_sum: str, sha256: str) -> None:
    if said != size:
        raise ArchiveRefused("wrong_size", f"{name}: {size} bytes, not {said}")
    if said_sum != sha256:
        raise ArchiveRefused("wrong_checksum", name)
