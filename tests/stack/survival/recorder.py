"""Run in the environment of a stack: records events with ids of its own until SIGTERM.

    python -m tests.stack.survival.recorder FILE RATE SCHEMA

FILE gets a line `tried ID` before and `kept ID` after an event was accepted. What was not accepted
is tried again, and now and then what was accepted is sent once more with another time, as a
client does that did not hear the answer.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TextIO
from uuid import UUID

import django
from uuid_utils.compat import uuid7

AT_ONCE = 5
REPEAT_EVERY, LATE_EVERY = 9, 7  # batches


def main(file: TextIO, rate: float, schema: str) -> None:
    import events

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ids: list[UUID] = []
    number = 0
    due = time.monotonic()
    while not stop.wait(max(0.0, due - time.monotonic())):
        due = max(due, time.monotonic() - 1) + AT_ONCE / rate
        number += 1
        if not ids or number % REPEAT_EVERY:
            ids = [uuid7() for _ in range(AT_ONCE)]
            _note(file, "tried", ids)
        try:
            with events.batch():
                _record(ids, schema, late=number % LATE_EVERY == 0)
        except events.EventsNotAccepted:
            continue  # in part, perhaps; a repetition tells
        _note(file, "kept", ids)


def _record(ids: list[UUID], schema: str, *, late: bool) -> None:
    import events

    now = datetime.now(UTC)
    at = now - timedelta(days=2, minutes=ids[0].int % 600) if late else now
    for number, event_id in enumerate(ids):
        if number % 2:
            name, said = "Link Clicked", {"link_id": UUID(int=number), "code": f"code{number}"}
        else:
            name = "Storage Changed"
            said = {"bytes": event_id.int % 9_973 - 4_000, "file_id": UUID(int=number)}
        events.record(name, tenant=schema, properties=said, time=at, id=event_id)


def _note(file: TextIO, word: str, ids: list[UUID]) -> None:
    file.write("".join(f"{word} {event_id}\n" for event_id in ids))
    file.flush()


if __name__ == "__main__":
    django.setup()
    with open(sys.argv[1], "w") as notes:
        main(notes, float(sys.argv[2]), sys.argv[3])
