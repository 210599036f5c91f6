"""Timelines in PostgreSQL: the server makes the rows, day after day; they are noted as `maintain` does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench import project
from bench.figures import Figure
from bench.persons import asking
from bench.sizes import Size
from plg_site.devstack.stack import Stack

_FILL = """
    INSERT INTO event (id, name, time, received_at, tenant, person, anonymous_id, properties, context)
    SELECT gen_random_uuid(), 'Name ' || n / {one_in} %% {names}, at, at,
           'w_' || lpad((n %% 1000)::text, 5, '0'),
           CASE WHEN n %% {one_in} = 0 THEN %(many)s::uuid
                WHEN n %% 3 = 2
                THEN ('00000000-0000-0000-0000-' || lpad((n %% 50021)::text, 12, '0'))::uuid END,
           CASE WHEN n %% 3 = 1 THEN 'browser-' || (n * 7919 + %(day)s) %% {browsers} END,
           jsonb_build_object('path', '/pages/' || n, 'number', n, 'title', repeat('word ', 10)),
           jsonb_build_object('request_id', md5(n::text), 'ip', '192.0.2.1')
    FROM (SELECT n, %(start)s::timestamptz + n * interval '1 day' / %(count)s AS at
          FROM generate_series(0, %(count)s - 1) AS n) AS each
"""
_ONE = """
    INSERT INTO event (id, name, time, received_at, tenant, person, properties, context)
    VALUES (gen_random_uuid(), 'Name 4', %s, %s, NULL, %s, '{}', '{}')
"""


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("persons_postgres", stack=stack)
    with asking.told("filling"):
        fill(size)
    with asking.told("noting whom there is something of"):
        note()
    return asking.figures(kind="PostgreSQL", size=size)


def fill(size: Size) -> None:
    """Days of equal size, and thirty events of somebody in two years."""
    from events.store import get_store, partitions

    end = asking.midnight()
    count = max(100, size.of(asking.EVENTS) // asking.DAYS)
    query = _FILL.format(names=asking.NAMES, one_in=asking.ONE_IN, browsers=asking.BROWSERS)
    step = timedelta(days=asking.SPARSE_DAYS / asking.SPARSE)
    sparse = [end - (n + 0.5) * step for n in range(asking.SPARSE)]
    for number in range(1, asking.DAYS + 1):
        start = end - timedelta(days=number)
        with get_store().connection() as connection:
            partitions.create(connection, [start.date()])
            said = {"many": asking.MANY, "day": number, "start": start, "count": count}
            connection.execute(query, said)
    with get_store().connection() as connection:
        partitions.create(connection, {at.date() for at in sparse})
        for at in sparse:
            connection.execute(_ONE, [at, at, asking.FEW])
        connection.execute(
            "INSERT INTO event_presence_todo (day, batch) SELECT to_date(right(relname, 8), 'YYYYMMDD'), 0"
            " FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'event'::regclass"
        )


def note() -> None:
    """As each hour's maintenance does, and the statistics that autovacuum would have made."""
    from events.store import get_store, presence, shelf

    store = get_store()
    presence.Presence(store, shelf.chosen()).catch_up(datetime.now(UTC))
    with store.connection() as connection:
        connection.execute("ANALYZE event")
