"""Raw events of a day as a Parquet file: written to the end, read again, and only then named.

Ids are 32 hex digits, JSON is text: any tool reads the file. Its checksum is over the rows in the
order of (time, id), one line of JSON each. It stands in the file's metadata with the day, the part
and the number of rows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from events.store.shelf import Kept, Readable

COLUMNS = (
    "id",
    "time",
    "received_at",
    "person",
    "name",
    "tenant",
    "anonymous_id",
    "properties",
    "context",
    "batch",  # not in files that were written before events had one
)
_lines = msgspec.json.Encoder().encode_lines
Row = Sequence[Any]


class ArchiveFailed(RuntimeError):
    """A file could not be written, or does not hold what it should. Nothing has been dropped."""


@dataclass(frozen=True)
class Contents:
    """What a file says that it holds."""

    day: date
    part: int
    rows: int = 0
    checksum: str = ""


def write(file: Kept, chunks: Iterable[list[Row]], *, day: date, part: int) -> Contents:
    """Write rows (in the order of COLUMNS) to a file, durably. Raises ArchiveFailed.

    A file that is there already is kept if it holds the same rows.
    """
    try:
        with file.unfinished() as unfinished:
            contents = _write(unfinished, chunks, Contents(day, part))
            verify(unfinished, contents)
            if file.exists() and read_contents(file) != contents:
                raise ArchiveFailed(f"{file} exists and holds something else.")
            _put(file, unfinished, contents)
    except OSError as error:
        raise ArchiveFailed(f"{file} cannot be written: {error}") from error
    return contents


def exists(file: Kept) -> bool:
    """Whether the file is there. Raises ArchiveFailed when its place cannot be asked."""
    try:
        return file.exists()
    except OSError as error:
        raise ArchiveFailed(f"{file} cannot be looked for: {error}") from error


def read_contents(file: Readable) -> Contents:
    """What the file says of itself. Raises ArchiveFailed when it is none of ours."""
    arrow = _pyarrow()
    try:
        with file.open("rb") as opened:
            said = arrow.parquet.read_metadata(opened).metadata or {}
        return Contents(
            day=date.fromisoformat(said[b"day"].decode()),
            part=int(said[b"part"]),
            rows=int(said[b"rows"]),
            checksum=said[b"checksum"].decode(),
        )
    except (OSError, KeyError, ValueError, arrow.ArrowException) as error:
        raise ArchiveFailed(f"{file} is no archive of events: {error}") from error


def columns(file: Readable) -> list[str]:
    """The names of a file's columns: COLUMNS, or those that were there when it was written."""
    with file.open("rb") as opened:
        return [str(name) for name in _pyarrow().parquet.read_schema(opened).names]


def read(file: Readable) -> Iterator[list[Row]]:
    """The rows of a file, in the order of its columns, some thousand at a time."""
    with file.open("rb") as opened, _pyarrow().parquet.ParquetFile(opened) as rows:
        for batch in rows.iter_batches(batch_size=10_000):
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def read_batches(file: Readable, *, first: int, last: int) -> Iterator[list[Row]]:
    """The rows of COLUMNS in those parts of a file that may hold these batches, ends included.

    Raises ArchiveFailed. Where a file says no batch, its rows are of batch 0.
    """
    arrow = _pyarrow()
    try:
        with file.open("rb") as opened, arrow.parquet.ParquetFile(opened) as parts:
            is_told = "batch" in parts.schema_arrow.names
            if not is_told and first > 0:
                return
            for number in range(parts.num_row_groups):
                if is_told and not _may_hold(parts.metadata.row_group(number), first, last):
                    continue
                columns = [column.to_pylist() for column in parts.read_row_group(number).columns]
                if not is_told:
                    columns.append([0] * len(columns[0]))
                yield list(zip(*columns, strict=True))
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise ArchiveFailed(f"{file} cannot be read: {error}") from error


def _may_hold(group: Any, first: int, last: int) -> bool:
    said = group.column(COLUMNS.index("batch")).statistics
    if said is None or not said.has_min_max:
        return True
    return bool(said.min <= last and said.max >= first)


def rewrite(file: Kept, *, without: Callable[[Row], bool]) -> int:
    """Take rows out of a file, durably and at once; returns how many. Raises ArchiveFailed."""
    return change(file, lambda row: None if without(row) else row)


def change(file: Kept, each: Callable[[Row], Row | None]) -> int:
    """Put another row in the place of each, or none, durably and at once; returns how many differ.

    `each` gives the very row that stays. Raises ArchiveFailed.
    """
    try:
        found = sum(each(row) is not row for rows in read(file) for row in rows)
        if found:
            emptied = replace(read_contents(file), rows=0, checksum="")
            told = ([each(row) for row in rows] for rows in read(file))
            kept = ([row for row in rows if row is not None] for rows in told)
            chunks = (rows for rows in kept if rows)
            with file.unfinished() as unfinished:
                contents = _write(unfinished, chunks, emptied, columns=columns(file))
                verify(unfinished, contents)
                _put(file, unfinished, contents)
    except OSError as error:
        raise ArchiveFailed(f"{file} cannot be written anew: {error}") from error
    return found


def _put(file: Kept, finished: Path, contents: Contents) -> None:
    file.put(finished)
    if file.travels:
        verify(file, contents)


def verify(file: Readable, expected: Contents) -> None:
    """Read the file to its end. Raises ArchiveFailed unless it holds what is expected."""
    sums = hashlib.sha256()
    rows = 0
    arrow = _pyarrow()
    try:
        for chunk in read(file):
            _add(sums, chunk)
            rows += len(chunk)
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise ArchiveFailed(f"{file} cannot be read: {error}") from error
    found = replace(expected, rows=rows, checksum=sums.hexdigest())
    if not found == expected == read_contents(file):
        raise ArchiveFailed(f"{file} holds {found}, not {expected}.")


def _write(
    path: Path,
    chunks: Iterable[list[Row]],
    contents: Contents,
    *,
    columns: Sequence[str] = COLUMNS,
) -> Contents:
    sums = hashlib.sha256()
    rows = 0
    arrow, schema = _pyarrow(), _schema(columns)
    with path.open("wb") as file:
        with arrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            for chunk in chunks:
                values = [list(column) for column in zip(*chunk, strict=True)]
                writer.write_table(arrow.table(values, schema=schema))
                _add(sums, chunk)
                rows += len(chunk)
            contents = replace(contents, rows=rows, checksum=sums.hexdigest())
            writer.add_key_value_metadata(
                {
                    "day": contents.day.isoformat(),
                    "part": str(contents.part),
                    "rows": str(rows),
                    "checksum": contents.checksum,
                }
            )
        file.flush()
        os.fsync(file.fileno())
    return contents


def _add(sums: Any, rows: Iterable[Row]) -> None:
    sums.update(_lines(rows))


def _schema(columns: Sequence[str]) -> Any:
    arrow = _pyarrow()
    instant = arrow.timestamp("us", tz="UTC")
    kinds = {"time": instant, "received_at": instant, "batch": arrow.int64()}
    return arrow.schema([(column, kinds.get(column, arrow.string())) for column in columns])


def _pyarrow() -> Any:
    """pyarrow with `parquet`, once it is needed: importing it is a tenth of every process' start."""
    import pyarrow
    import pyarrow.parquet

    return pyarrow
