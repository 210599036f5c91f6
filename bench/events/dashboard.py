"""30 days by day, for a workspace with ten million events: what a usage page asks for each meter.

Raw events are made inside the database, a day at a time; their rollups are rebuilt from them by the
project's own rebuild, so both answers are about the same rows, and must agree.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
from uuid_utils.compat import uuid7

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack

EVENTS, NEIGHBOURS, DAYS, QUESTIONS = 10_000_000, 500_000, 30, 2_000
AT_ONCE = 2  # days that are made at the same time
TENANT = "w_dashboard"
METER, NAME = "clicks", "Link Clicked"
# Spread over the day (today: over what has passed of it), over a thousand links and, for the
# neighbours, over a hundred workspaces.
_FILL = """
    INSERT INTO event (id, name, time, received_at, tenant, properties, context)
    SELECT gen_random_uuid(), %(name)s, at, at + interval '1 second',
           CASE WHEN number < %(own)s THEN %(tenant)s ELSE 'w_neighbour' || number %% 100 END,
           jsonb_build_object('link_id', md5((number %% 1000)::text)::uuid,
                              'code', 'link' || number %% 1000), '{}'
    FROM (SELECT number, %(day)s::timestamptz + random() * %(length)s::interval AS at
          FROM generate_series(0, %(all)s - 1) AS number) AS made
"""
_RAW = """
    SELECT date_trunc('day', time, 'UTC'), count(*) FROM event
    WHERE tenant = %(tenant)s AND name = %(name)s AND time >= %(start)s AND time < %(end)s
    GROUP BY 1 ORDER BY 1
"""

Answer = list[tuple[datetime, int]]


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("dashboard", stack=stack)
    now = datetime.now(UTC)
    end = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    days = size.of(DAYS, at_least=3)
    start = end - timedelta(days=days)
    count = size.of(EVENTS, at_least=3_000)
    made = [start + timedelta(days=offset) for offset in range(days)]
    _load(made, count=count, neighbours=size.of(NEIGHBOURS, at_least=300), now=now)
    if _by_rollup(start, end) != _by_raw(start, end):
        raise RuntimeError("The rollups and the raw events do not agree.")
    asked = size.of(QUESTIONS, at_least=100)
    runs = [[_seconds(_by_rollup, start, end) for _ in range(asked)] for _ in range(size.runs)]
    times = sorted(runs, key=lambda run: percentile(run, 99))[len(runs) // 2]
    raw = statistics.median(_seconds(_by_raw, start, end) for _ in range(size.runs))
    return [
        Figure(
            name=f"{days} days by day, p99, a workspace with {count:,} events",
            value=percentile(times, 99) * 1000,
            unit="ms",
            reference="ms from the raw events",
            reference_value=raw * 1000,
            bar=5.0,
            bar_on="value",
            better="less",
            note=f"p50 {percentile(times, 50) * 1000:.2f} ms, max {max(times) * 1000:.2f} ms"
            f" of {asked:,} questions",
        )
    ]


def _load(days: Sequence[datetime], *, count: int, neighbours: int, now: datetime) -> None:
    from django.conf import settings

    from events import Event
    from events.store import get_store
    from metering.definitions.catalogue import meters
    from metering.rollups import rollups

    store, metered = get_store(), list(meters().values())
    ids = [uuid7() for _ in days]
    store.append(  # one event a day through the front door, which makes the partitions
        [
            Event(id=each, name="Signed In", time=day, received_at=day)
            for each, day in zip(ids, days, strict=True)
        ]
    )
    per_day = [count // len(days) + (number < count % len(days)) for number in range(len(days))]

    def make(day: datetime, own: int) -> None:
        given = {"name": NAME, "tenant": TENANT, "own": own, "day": day}
        given["all"] = own + neighbours // len(days)
        given["length"] = min(timedelta(days=1), now - day)
        with store.connection() as connection:
            connection.execute(_FILL, given)
        rollups().rebuild(day.date(), meters=metered)

    with step("  events and rollups") as shown, ThreadPoolExecutor(AT_ONCE) as making:
        for number, _ in enumerate(making.map(make, days, per_day), 1):
            shown.doing(f"{number} of {len(days)} days")
    # As a server that has had time for it: the vacuum of what was just written is not the question.
    with psycopg.connect(settings.EVENTS_DATABASE_URL, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _by_rollup(start: datetime, end: datetime) -> Answer:
    from metering.asking.query import Question, ask_stored

    (rows,) = ask_stored(TENANT, Question(meter=METER, start=start, end=end, window="day"))
    return [(row.start, int(row.value)) for row in rows if row.start]


def _by_raw(start: datetime, end: datetime) -> Answer:
    from events.store import get_store

    given = {"tenant": TENANT, "name": NAME, "start": start, "end": end}
    with get_store().connection() as connection:
        return connection.execute(_RAW, given).fetchall()


def _seconds(
    answer: Callable[[datetime, datetime], Answer], start: datetime, end: datetime
) -> float:
    began = time.perf_counter()
    answer(start, end)
    return time.perf_counter() - began
