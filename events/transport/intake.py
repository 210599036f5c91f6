"""Where recorded events go: into the stream; when it does not take them, onto the disk."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from events import refusals
from events.choice import Said, line_of
from events.errors import EventsNotAccepted, TransportUnavailable
from events.transport import attending
from events.transport.spool import SpoolFull, get_spool
from events.transport.stream import get_transport

log = structlog.get_logger()


def accept(lines: Sequence[Said]) -> None:
    """Take encoded events for good, in one round trip. Raises EventsNotAccepted, and counts it."""
    if not lines:
        return
    try:
        get_transport().send(lines)
    except TransportUnavailable:
        _keep_on_disk([line_of(said) for said in lines])


def _keep_on_disk(lines: Sequence[bytes]) -> None:
    try:
        get_spool().keep(lines)
    except (SpoolFull, OSError) as error:
        refusals.count(EventsNotAccepted.reason, len(lines))
        log.error("events_not_accepted", count=len(lines), error=str(error))
        raise EventsNotAccepted(len(lines)) from error
    attending.wake()
