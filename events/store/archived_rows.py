"""The events of one human in the file of an archived day: of each part only the columns that tell whose
they are, and all of them where there is one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from events.event import Event
from events.store import archive
from events.store.archive import ArchiveFailed, Row
from events.store.shelf import Readable
from events.store.timeline import Day, Question, newest_first

_WHOSE = ["person", "anonymous_id"]


def of_human(file: Readable, day: Day, asked: Question) -> list[Event]:
    """The newest that fit, newest first, at most `asked.most`. Raises ArchiveFailed."""
    persons, browsers = {each.hex for each in day.persons}, set(day.browsers)
    found: list[Event] = []
    arrow = archive._pyarrow()
    try:
        with file.open("rb") as opened, arrow.parquet.ParquetFile(opened) as parts:
            for number in reversed(range(parts.num_row_groups)):  # they are in the order of time
                whose = parts.read_row_group(number, columns=_WHOSE).columns
                places = [
                    at
                    for at, (person, browser) in enumerate(
                        zip(*(column.to_pylist() for column in whose), strict=True)
                    )
                    if (person in persons if person else browser in browsers)
                ]
                if places:
                    rows = parts.read_row_group(number).take(places)
                    events = (event_of(row, rows.column_names) for row in rows_of(rows))
                    found += [event for event in events if asked.fits(event)]
                if len(found) >= asked.most:
                    break
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise ArchiveFailed(f"{file} cannot be read: {error}") from error
    return sorted(found, key=newest_first)[: asked.most]


def whose(file: Readable) -> set[str]:
    """Persons and browsers of a file, as `event_presence` names them. Raises ArchiveFailed."""
    found: set[str] = set()
    arrow = archive._pyarrow()
    try:
        with file.open("rb") as opened, arrow.parquet.ParquetFile(opened) as parts:
            for number in range(parts.num_row_groups):
                columns = parts.read_row_group(number, columns=_WHOSE).columns
                for person, browser in zip(
                    *(column.to_pylist() for column in columns), strict=True
                ):
                    if person or browser:
                        found.add(str(UUID(person)) if person else browser)
    except (OSError, ValueError, arrow.ArrowException) as error:
        raise ArchiveFailed(f"{file} cannot be read: {error}") from error
    return found


def rows_of(table: Any) -> list[Row]:
    """The rows of an Arrow table."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def event_of(row: Row, columns: list[str]) -> Event:
    """The event of a row of a file."""
    said: dict[str, Any] = dict(zip(columns, row, strict=True))
    said.pop("batch", None)
    said["id"] = UUID(said["id"])
    said["person"] = UUID(said["person"]) if said["person"] else None
    for name in ("properties", "context"):
        said[name] = msgspec.json.decode(said[name])
    return Event(**said)
