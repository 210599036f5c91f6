"""Events as the product records them, some 250 bytes each, and a stream full of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from time import monotonic, sleep
from uuid import UUID

from uuid_utils.compat import uuid7

from events import Event

AT_ONCE = 1_000  # events in one call of the transport
_random = random.Random(1)  # noqa: S311 (nothing secret)
_BROWSERS = [str(UUID(int=_random.getrandbits(128), version=4)) for _ in range(2_000)]


def events(count: int, *, workspaces: int, time: datetime | None = None) -> list[Event]:
    """Clicks, changes of storage and API calls, in turns, over this many workspaces."""
    return [_event(number, workspaces, time or datetime.now(UTC)) for number in range(count)]


def _event(number: int, workspaces: int, time: datetime) -> Event:
    # A link belongs to one workspace: each has ten, and any browser may follow them.
    link = _link(number % workspaces, number // workspaces % 10)
    browser = _BROWSERS[number % 1_999]
    name, properties, anonymous_id = (
        ("Link Clicked", {"link_id": str(link), "code": link.hex[:7]}, browser),
        ("Storage Changed", {"bytes": number % 70_000, "file_id": str(link)}, None),
        ("API Called", {"method": "GET", "path": "/api/v1/links", "status": 200}, None),
    )[number % 3]
    return Event(
        id=uuid7(),
        name=name,
        time=time - timedelta(microseconds=number % 1_000_000),
        received_at=time,
        tenant=f"w_{number % workspaces:05d}",
        anonymous_id=anonymous_id,
        properties=properties,
        context={"request_id": link.hex},
    )


@cache
def _link(workspace: int, number: int) -> UUID:
    return UUID(int=random.Random(workspace * 10 + number).getrandbits(128), version=4)  # noqa: S311


def fill_stream(count: int, *, workspaces: int) -> None:
    """Send this many events through the transport; they wait in the stream."""
    for size in pieces(count, AT_ONCE):
        _send([event.encode() for event in events(size, workspaces=workspaces)])


def _send(lines: list[bytes], *, seconds: float = 60.0) -> None:
    """Send until it is taken: the request path gives a slow disk half a second, filling has time.

    A repetition whose first try arrived after all is one duplicate more for the store to find.
    """
    from events.errors import TransportUnavailable
    from events.transport import get_transport

    give_up_at = monotonic() + seconds
    while True:
        try:
            return get_transport().send(lines)
        except TransportUnavailable:
            if monotonic() > give_up_at:
                raise
            sleep(0.5)


def pieces(count: int, size: int) -> Iterator[int]:
    """Sizes that make `count` in sum, each at most `size`."""
    while count > 0:
        yield min(count, size)
        count -= size
