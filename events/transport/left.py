"""Events of machines that ended while the stream was away: left where any consumer finds them.

In the bucket that machines share, where there is one (STORAGE_URL): an object for each file of a
spool. Else, or when it does not answer, as rows of the outbox. Either way a consumer lets go of them
only after they are stored, and the store keeps an id once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from uuid import uuid4

import django.db
import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction

log = structlog.get_logger()
_AT_ONCE = 1_000  # rows in a statement
_OBJECTS = 5  # in one round of a consumer


class NobodyTakes(OSError):
    """Neither bucket nor database took the events: they stay on the disk."""


def leave(lines: Sequence[bytes]) -> None:
    """Put encoded events where any consumer finds them. Raises NobodyTakes."""
    for way in (_into_bucket, _into_outbox):
        try:
            if way(lines):
                return
        except (OSError, django.db.Error) as error:
            log.warning("events_not_left", way=way.__name__.strip("_"), error=str(error)[:500])
    raise NobodyTakes("Neither the bucket nor the database took the events of the spool.")


def take(store: Callable[[Sequence[bytes]], None]) -> int:
    """Store what lies in the bucket, some objects at a time; returns how many events. Raises OSError."""
    moved = 0
    for name in _names():
        try:
            with _bucket().open(name) as file:
                lines = split(file.read())
        except FileNotFoundError:  # another consumer was faster
            continue
        for start in range(0, len(lines), _AT_ONCE):
            store(lines[start : start + _AT_ONCE])
        _bucket().delete(name)
        moved += len(lines)
    return moved


def is_shared() -> bool:
    """Whether there is a bucket to look into."""
    return "spool" in settings.STORAGES


def split(content: bytes) -> list[bytes]:
    """The encoded events of a spool's file."""
    return [line for line in content.split(b"\n") if line]


def _names() -> Iterator[str]:
    return islice(sorted(_bucket().listdir("")[1]), _OBJECTS)


def _bucket() -> Storage:
    return storages["spool"]


def _into_bucket(lines: Sequence[bytes]) -> bool:
    if not is_shared():
        return False
    name = f"{os.uname().nodename}-{os.getpid()}-{uuid4().hex}.jsonl"
    _bucket().save(name, ContentFile(b"\n".join(lines)))
    return True


def _into_outbox(lines: Sequence[bytes]) -> bool:
    from events.models import OutboxEvent  # importable only once Django is set up

    with transaction.atomic():
        for start in range(0, len(lines), _AT_ONCE):
            OutboxEvent.keep([_storable(line) for line in lines[start : start + _AT_ONCE]])
    return True


def _storable(line: bytes) -> bytes:
    """A line that a crash cut short is no text, perhaps: it will be a dead letter, and must get there."""
    return line.decode(errors="backslashreplace").replace("\0", "\\0").encode()
