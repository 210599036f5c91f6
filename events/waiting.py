"""Events that were accepted and are not known to be stored: in the outbox, the spool, the stream.

An event may be seen here and be stored already: who adds this to what the store has must read this
first, and then counts it twice at worst, never zero times. The spools of other machines and dead
letters are not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import redis
from django.db import connection

from events import conf
from events.errors import EventRefused, StoreUnavailable
from events.event import Event, decode
from events.models import OutboxEvent
from events.recording import calls
from events.redis.circuit import Circuit
from events.redis.redis_client import UNAVAILABLE, patient, quick
from events.transport import parcels
from events.transport.spool import get_spool

_AT_ONCE = 500
# What `newest` looks at: so many rows, so many entries of the stream, so many bytes of each file.
_NEWEST_ROWS, _NEWEST_ENTRIES, _NEWEST_BYTES = 5_000, 1_000, 256 * 1024
_NEWEST = 2_000  # events that it gives
# As SQL, because many pages ask it: to put it together costs more than to answer it.
_NEWEST_KEPT = """
    SELECT payload FROM events_outboxevent
    WHERE id > (SELECT max(id) FROM events_outboxevent) - %s AND strpos(payload, %s) > 0
    ORDER BY id DESC LIMIT %s
"""
_circuit = Circuit("waiting events")


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


def newest(schema: str, names: Collection[str]) -> list[Event]:
    """The newest waiting events of these names in this workspace, each once.

    Also what the present request has recorded and not sent. For pages: it looks at the newest end of
    each way in, so that it costs a query and a round trip however much waits, and what cannot be
    read is left out. Some may be stored already: who adds them to what is stored asks for their ids.
    """
    tenant = schema.encode()
    found: dict[Any, Event] = {}
    for line in _newest_lines(schema):
        if tenant in line:
            with suppress(EventRefused):
                event = decode(line)
                if event.tenant == schema and event.name in names:
                    found[event.id] = event
    return list(found.values())[:_NEWEST]


def _newest_lines(schema: str) -> Iterator[bytes]:
    yield from reversed(calls.unsent())
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_KEPT, [_NEWEST_ROWS, schema, _NEWEST])
        kept = cursor.fetchall()
    for (payload,) in kept:
        yield payload.encode()
    for path in get_spool().files()[-4:]:
        with suppress(OSError):  # delivered meanwhile: then the store has it
            yield from _end_of(path)
    yield from _newest_of_stream()


def _end_of(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _NEWEST_BYTES))
        return file.read().split(b"\n")[::-1]


def _newest_of_stream() -> Iterator[bytes]:
    if _circuit.is_open:
        return
    try:
        page = quick(conf.redis_url()).xrevrange(conf.stream(), count=_NEWEST_ENTRIES)
    except (*UNAVAILABLE, redis.RedisError):
        _circuit.failed()
        return
    _circuit.succeeded()
    for _, fields in cast(list[Any], page):
        yield from reversed(parcels.unpack(fields.get(b"e", b"")))


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
