"""Events that were accepted and are not known to be stored: in the outbox, the spool, the stream.

An event may be seen here and be stored already: who adds this to what the store has must read this
first, and then counts it twice at worst, never zero times. The spools of other machines and dead
letters are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from events import conf, parcels
from events.errors import EventRefused, StoreUnavailable
from events.event import Event, decode
from events.models import OutboxEvent
from events.redis_client import UNAVAILABLE, patient
from events.spool import get_spool

_AT_ONCE = 500


def events_of(schema: str, name: str, *, outbox_only: bool = False) -> Iterator[Event]:
    """The waiting events of this name in this workspace, in no order.

    `outbox_only`: those that came with a row, which are known without Redis. Costs about a
    microsecond for each event of others that waits. Raises StoreUnavailable when the stream cannot
    be read.
    """
    tenant, kind = schema.encode(), name.encode()
    for line in _outbox(schema) if outbox_only else _lines(schema):
        if tenant in line and kind in line:
            with suppress(EventRefused):  # it will be a dead letter
                event = decode(line)
                if event.tenant == schema and event.name == name:
                    yield event


def _outbox(schema: str) -> Iterator[bytes]:
    kept = OutboxEvent.objects.filter(payload__contains=schema)
    for payload in kept.values_list("payload", flat=True):
        yield payload.encode()


def _lines(schema: str) -> Iterator[bytes]:
    yield from _outbox(schema)
    for path in get_spool().files():
        with suppress(FileNotFoundError):  # delivered meanwhile: then the store has it
            yield from path.read_bytes().split(b"\n")
    yield from _stream()


def _stream() -> Iterator[bytes]:
    client, after = patient(conf.redis_url()), "-"
    while True:
        try:
            page = cast(list[Any], client.xrange(conf.stream(), min=after, count=_AT_ONCE))
        except UNAVAILABLE as error:
            raise StoreUnavailable(str(error)) from error
        for _, fields in page:
            yield from parcels.unpack(fields.get(b"e", b""))
        if len(page) < _AT_ONCE:
            return
        after = f"({page[-1][0].decode()}"
