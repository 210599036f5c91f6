"""Puts a page of a timeline together, from what the log has and from files of archived days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from events.event import Event
from events.store import archived_rows
from events.store.shelf import Readable
from events.store.timeline import FILES, Day, Looked, Mark, Question, TimelinePage, merged


def page_of(looked: Looked, asked: Question) -> TimelinePage:
    """The page, with what lies in files, of which a few are read. Raises ArchiveFailed."""
    found: list[Event] = []
    events = list(merged([looked.stored, looked.left.events]))
    files = 0
    for day in looked.days:
        lying = looked.left.files.get(day.day, ())
        if files and files + len(lying) > FILES:
            return TimelinePage(found, Mark(day.end), archived=True)
        files += len(lying)
        found += _of_day(day, events, lying, asked)
        if len(found) > asked.limit:
            shown = found[: asked.limit]
            return TimelinePage(shown, Mark(shown[-1].time, shown[-1].id))
    return TimelinePage(found, Mark(looked.rest) if looked.rest else None)


def _of_day(
    day: Day, events: Sequence[Event], files: Sequence[Readable], asked: Question
) -> Iterable[Event]:
    stored = [event for event in events if event.time.date() == day.day]
    if not files:
        return stored
    return list(merged([stored, *(archived_rows.of_human(file, day, asked) for file in files)]))
