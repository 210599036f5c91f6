"""Timelines in ClickHouse, in the engine of chDB over HTTP: the server makes the rows, some days at once."""

from __future__ import annotations

from datetime import timedelta

from bench import project
from bench.events import clickhouse
from bench.figures import Figure
from bench.persons import asking
from bench.sizes import Size
from plg_site.devstack.stack import Stack

_AT_ONCE = 20  # days
_FILL = """
    INSERT INTO event (id, name, time, received_at, tenant, person, anonymous_id, properties, context, batch)
    SELECT generateUUIDv4(), concat('Name ', toString(intDiv(n, {one_in}) % {names})),
           addMicroseconds(toDateTime64('{start}', 6, 'UTC'), intDiv(n * 86400000000, {count})) AS at, at,
           concat('w_', leftPad(toString(n % 1000), 5, '0')),
           multiIf(n % {one_in} = 0, toUUID('{many}'),
                   n % 3 = 2,
                   toUUID(concat('00000000-0000-0000-0000-', leftPad(toString(n % 50021), 12, '0'))),
                   NULL),
           if(n % 3 = 1, concat('browser-', toString((n * 7919) % {browsers})), NULL),
           concat('{{"path":"/pages/', toString(n), '","number":', toString(n), ',"title":"',
                  repeat('word ', 10), '"}}'),
           concat('{{"request_id":"', lower(hex(MD5(toString(n)))), '","ip":"192.0.2.1"}}'), 1
    FROM (SELECT number AS n FROM numbers({rows}))
"""
_ONE = """
    INSERT INTO event (id, name, time, received_at, person, properties, context, batch)
    SELECT generateUUIDv4(), 'Name 4', toDateTime64('{at}', 6, 'UTC') AS at, at, toUUID('{few}'),
           '{{}}', '{{}}', 1
"""
_NOTE = """
    INSERT INTO event_presence (whose, month, days, batch)
    SELECT sipHash64(ifNull(toString(person), assumeNotNull(anonymous_id))) AS whose,
           toStartOfMonth(time) AS month,
           groupBitOr(bitShiftLeft(toUInt32(1), toDayOfMonth(time) - 1)), max(batch)
    FROM event WHERE person IS NOT NULL OR anonymous_id IS NOT NULL GROUP BY whose, month
"""


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("persons_clickhouse", stack=stack)
    with clickhouse.server():
        with asking.told("filling"):
            fill(size)
        return asking.figures(kind="ClickHouse (chDB)", size=size)


def fill(size: Size) -> None:
    """Days of equal size, and thirty events of somebody in two years; each batch would have noted whose."""
    from events.store import get_store

    end = asking.midnight()
    count = max(100, size.of(asking.EVENTS) // asking.DAYS)
    step = timedelta(days=asking.SPARSE_DAYS / asking.SPARSE)
    many = {"max_partitions_per_insert_block": 0}
    with get_store().connection() as client:
        for first in range(0, asking.DAYS, _AT_ONCE):
            start = end - timedelta(days=asking.DAYS - first)
            query = _FILL.format(
                names=asking.NAMES, one_in=asking.ONE_IN, many=asking.MANY, count=count,
                browsers=asking.BROWSERS, rows=count * _AT_ONCE, start=start.strftime("%Y-%m-%d %H:%M:%S"),
            )  # fmt: skip
            client.command(query, settings=many)
        for n in range(asking.SPARSE):
            at = (end - (n + 0.5) * step).strftime("%Y-%m-%d %H:%M:%S")
            client.command(_ONE.format(at=at, few=asking.FEW))
        client.command(_NOTE)
