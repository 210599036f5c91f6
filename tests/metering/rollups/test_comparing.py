"""Raw events beside rollups, and questions about many workspaces at once: as each alone would say it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering.asking.query import Question, ask_each, ask_stored
from metering.rollups import compared, settle, spans, trust
from tests.events.log import both_stores
from tests.metering.parcels import METERS, NOON, PEOPLE, parcels_sent, sent

law = hypothesis_settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DAY = timedelta(days=1)
FIRST, LAST = date(2026, 10, 21), date(2026, 10, 27)
SCHEMAS = ("w_acme", 'w "quoted\\', "w_nobody")
MOMENTS = st.integers(-2 * 86400, 2 * 86400).map(lambda seconds: NOON + timedelta(seconds=seconds))


@both_stores
@law
@given(arriving=parcels_sent())
def test_where_nobody_changed_anything_nothing_differs(parcels, log, arriving):
    emptied(log)
    log.store.append([sent(**each) for each in arriving])
    assert compared(FIRST, LAST) == []


@both_stores
@law
@given(
    arriving=parcels_sent(), bounds=st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=2)
)
def test_many_workspaces_are_answered_as_each_would_be(parcels, log, arriving, bounds):
    emptied(log)
    log.store.append([sent(**each) for each in arriving])
    asked = [
        (schema, Question(meter=meter.key, start=min(pair), end=max(pair)))
        for meter in METERS
        for schema in SCHEMAS
        for pair in bounds
    ]
    alone = [ask_stored(schema, question)[0][0] for schema, question in asked]
    assert ask_each(asked) == [(row.value, row.count) for row in alone]


@both_stores
def test_what_one_grain_has_otherwise_is_named_and_nothing_else(parcels, log):
    if log.store.kind == "clickhouse":
        return  # which names the meter and the day
    emptied(log)
    log.store.append([
        sent(number=n, seconds=n * 9_000, tenant=SCHEMAS[n % 2], person=PEOPLE[1],
             to="Bergen" if n % 3 == 1 else "Oslo",
             fragile=n % 3 == 0, grams=n, price="0.1", degrees=n / 2, box=PEOPLE[n % 3 + 1])
        for n in range(1, 13)
    ])  # fmt: skip
    for meter in METERS:
        for grain in ("day", "hour", "minute"):
            if (meter.aggregation, grain) == ("unique", "minute"):
                continue
            changed = add(log, grain, meter.key, 1)
            found = compared(FIRST, LAST)
            assert len(found) == 1, (meter.key, grain)
            [only] = found
            assert (only.tenant, only.day) == changed, (meter.key, grain)
            assert (only.meter, only.grain) == (meter.key, grain)
            assert only.kept_count == (only.raw_count or 0) + 1
            assert compared(FIRST, LAST, tenant="w_nobody") == []
            assert add(log, grain, meter.key, -1) == changed
            assert compared(FIRST, LAST) == []


def emptied(log):
    """Without events, all definitions are in force: rollups are asked, and compared."""
    log.empty()
    settle()
    trust.forget()
    assert not trust.doubtful()


def add(log, grain, meter, number):
    """To the count of the meter's first bucket; whose it is, and of which day."""
    statement = f"""
        UPDATE rollup_{grain} SET count = count + %s WHERE meter = %s AND (tenant, bucket) = (
            SELECT tenant, bucket FROM rollup_{grain} WHERE meter = %s ORDER BY 1, 2 LIMIT 1)
        RETURNING tenant, date_trunc('day', bucket, 'UTC')
    """  # noqa: S608 (grains of ours)
    with log.store.connection() as connection:
        return connection.execute(statement, [number, meter, meter]).fetchone()


@both_stores
def test_days_come_some_at_once_and_none_twice(parcels, log):
    found = list(spans(NOON, NOON + 20 * DAY))
    assert found == [
        (date(2026, 10, 24), date(2026, 11, 8)),
        (date(2026, 11, 9), date(2026, 11, 13)),
    ]
