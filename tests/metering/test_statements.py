"""A closed period is stated once and never changes; what comes later adjusts it, to the unit."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import django.db
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from events.health import Lag
from metering import Limit, UsagePrice, chain, cycles, limits, statements
from metering.models import Adjustment, Ledger, Statement, Terms
from metering.signals import period_closed
from metering.statements import close_due
from tenants.models import Tenant
from tests.metering.parcels import BY_KEY, NOON, PLACES, naive, sent

MONTHLY = [meter for meter in BY_KEY.values() if meter.period == "month"]
ANCHOR = NOON.replace(day=5, hour=9, minute=17, second=23)  # 5 October; the period until 5 November
NEXT = ANCHOR.replace(month=11)
LATER = NEXT.replace(month=12)
HOUR = timedelta(hours=1)


def stored():
    return Lag()


@contextmanager
def past_the_trigger():
    """As somebody who owns the tables may do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("metering_statement", "metering_adjustment"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER immutable")
        yield cursor
        for table in ("metering_statement", "metering_adjustment"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER immutable")


@pytest.fixture
def workspace(parcels, log, acme):
    """A workspace whose only closed period would be the one that ends on NEXT."""
    _begin(acme)
    return acme


def _begin(tenant):
    Tenant.objects.filter(pk=tenant.pk).update(created_at=ANCHOR)
    Ledger.objects.all().delete()
    cycles.set_anchor(tenant, ANCHOR, since=ANCHOR)


def at(moment, number, tenant, **properties):
    seconds = (moment - NOON).total_seconds()
    return sent(number=number, seconds=seconds, tenant=tenant.schema_name, **properties)


def close(tenant, *, now, lag=stored):
    return [each for each in close_due(now=now, lag=lag) if each.tenant_id == tenant.pk]


def test_a_statement_says_what_was_counted_up_to_the_instant_of_its_end(workspace, log):
    moments = [ANCHOR, NOON, NEXT - timedelta(microseconds=1), NEXT]
    log.store.append([at(each, n, workspace, grams=7) for n, each in enumerate(moments, 1)])
    made = {each.meter: each for each in close(workspace, now=NEXT + HOUR)}
    assert made.keys() == {meter.key for meter in MONTHLY}
    assert (made["parcels"].value, made["grams"].value, made["grams"].count) == (3, 21, 3)
    assert (made["parcels"].period_start, made["parcels"].period_end) == (ANCHOR, NEXT)
    assert made["parcels"].cutoff == NEXT + HOUR


def test_a_period_is_not_closed_before_its_grace_is_over_nor_twice(workspace):
    assert close(workspace, now=NEXT + HOUR - timedelta(seconds=1)) == []
    assert close(workspace, now=NEXT + HOUR) != []
    assert close(workspace, now=NEXT + HOUR) == []


@pytest.mark.parametrize(
    ("lag", "closes"),
    [
        (Lag(waiting=1, oldest=NEXT - timedelta(seconds=1)), False),
        (Lag(waiting=1, oldest=NEXT), True),
        (Lag(unknown=["stream"]), False),
    ],
)
def test_a_period_waits_for_what_was_accepted_before_its_end(workspace, lag, closes):
    assert bool(close(workspace, now=NEXT + HOUR, lag=lambda: lag)) is closes


def test_several_periods_that_are_due_are_closed_one_after_the_other(workspace):
    ends = {each.period_end for each in close(workspace, now=LATER + HOUR)}
    assert ends == {NEXT, LATER}


def test_what_comes_late_is_an_adjustment_in_the_next_statement(workspace, log):
    log.store.append([at(NOON, 1, workspace, grams=5)])
    close(workspace, now=NEXT + HOUR)
    log.store.append([at(NOON, 2, workspace, grams=7), at(NEXT, 3, workspace, grams=1)])
    made = {each.meter: each for each in close(workspace, now=LATER + HOUR)}
    assert made["grams"].value == 1
    [adjustment] = Adjustment.objects.filter(statement__meter="grams")
    assert (adjustment.value, adjustment.count) == (7, 1)
    assert adjustment.statement.period_end == NEXT
    assert adjustment.in_statement == made["grams"]
    assert not Adjustment.objects.filter(statement__meter="boxes").exists()


def test_a_statement_has_the_terms_that_the_end_of_its_period_found(workspace):
    priced = Limit(100, hard=False, price=UsagePrice(5, 1000))
    limits.set_limits(workspace, {"parcels": priced}, currency="usd")
    Terms.objects.update(since=NOON)
    limits.set_limits(workspace, {"parcels": Limit(10)})  # a plan that changes after the end
    Terms.objects.filter(included=10).update(since=NEXT)
    made = {each.meter: each for each in close(workspace, now=LATER + HOUR)}
    stated = Statement.objects.for_tenant(workspace).filter(meter="parcels")
    first, second = stated.order_by("number")
    assert (first.included, first.price_amount, first.price_per, first.currency) == (
        100,
        5,
        1000,
        "usd",
    )
    assert (second.included, second.price_amount, second.currency) == (10, None, "")
    assert made["grams"].included is None


def test_a_change_of_the_anchor_ends_the_running_period(workspace, log):
    log.store.append([at(NOON - HOUR, 1, workspace), at(NOON, 2, workspace)])
    close(workspace, now=NOON)  # nothing is due yet; the ledger is there
    cycles.set_anchor(workspace, NOON, since=NOON)
    made = close(workspace, now=NOON + HOUR)
    assert {(each.period_start, each.period_end) for each in made} == {(ANCHOR, NOON)}
    assert next(each for each in made if each.meter == "parcels").value == 1
    following = NOON.replace(month=11)
    assert {each.period_end for each in close(workspace, now=following + HOUR)} == {following}


def test_an_anchor_cannot_reach_back_into_what_is_closed(workspace):
    close(workspace, now=NEXT + HOUR)
    cycles.set_anchor(workspace, NOON, since=NOON)
    [statement] = [s for s in close(workspace, now=LATER + HOUR) if s.meter == "grams"][:1]
    assert statement.period_start == NEXT


def test_whoever_bills_is_told_after_the_commit(workspace, django_capture_on_commit_callbacks):
    told = []

    def listen(sender, tenant, statements, **_):
        told.append((tenant, len(statements)))

    period_closed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            close(workspace, now=NEXT + HOUR)
            assert told == []
        assert (workspace, len(MONTHLY)) in told
    finally:
        period_closed.disconnect(listen)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE metering_statement SET value = 0",
        "DELETE FROM metering_statement",
        "TRUNCATE metering_statement CASCADE",
        "UPDATE metering_adjustment SET value = 0",
        "DELETE FROM metering_adjustment",
    ],
)
def test_the_database_refuses_to_change_what_was_stated(workspace, log, statement):
    close(workspace, now=NEXT + HOUR)
    log.store.append([at(NOON, 1, workspace)])
    close(workspace, now=LATER + HOUR)
    connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(django.db.Error, match="is immutable"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    ("tampering", "words"),
    [
        ("UPDATE metering_statement SET value = value + 1 WHERE number = 2", "is not what was"),
        ("UPDATE metering_adjustment SET value = value - 1", "is not what was sealed"),
        ("DELETE FROM metering_statement WHERE number = 2", "statement 2 is missing"),
        ("DELETE FROM metering_statement WHERE number = 14", "the ledger counts 14"),
    ],
)
def test_tampering_past_the_trigger_is_found(workspace, log, tampering, words):
    close(workspace, now=NEXT + HOUR)
    log.store.append([at(NOON, 1, workspace)])
    close(workspace, now=LATER + HOUR)
    call_command("verify_statements")
    with past_the_trigger() as cursor:
        if tampering.startswith("DELETE"):
            cursor.execute("DELETE FROM metering_adjustment")
        cursor.execute(tampering)
    assert any(words in each for each in chain.broken(workspace))
    with pytest.raises(CommandError):
        call_command("verify_statements", tenant=workspace.schema_name)


happened = st.lists(
    st.one_of(
        st.tuples(
            st.just("sent"),
            st.integers(-19 * 86400, 70 * 86400),
            st.sampled_from(PLACES),
            st.integers(-50, 50),
        ),
        st.tuples(st.just("closed"), st.integers(0, 80)),
    ),
    max_size=25,
)


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(happened=happened)
def test_statements_and_adjustments_add_up_to_the_raw_events(parcels, log, acme, happened):
    log.empty()
    with transaction.atomic():
        _begin(acme)
        Tenant.objects.exclude(pk=acme.pk).update(created_at=datetime(2100, 1, 1, tzinfo=UTC))
        for number, (what, when, *rest) in enumerate(happened, 1):
            if what == "closed":
                close(acme, now=NOON + timedelta(days=when))
            else:
                place, grams = rest
                event = at(
                    NOON + timedelta(seconds=when), number, acme, to=place, grams=grams,
                    degrees=grams / 7,
                )  # fmt: skip
                log.store.append([event])
        close(acme, now=NOON + timedelta(days=160))  # more periods than events have been in
        events = log.store.find()
        _check_sums(acme, events)
        assert list(chain.broken(acme)) == []
        transaction.set_rollback(True)
    cycles.forget()


def _check_sums(tenant, events):
    adjusted = Counter()
    counts = Counter()
    for adjustment in Adjustment.objects.for_tenant(tenant):
        adjusted[adjustment.statement_id] += Fraction(adjustment.value)
        counts[adjustment.statement_id] += adjustment.count
    made = list(Statement.objects.for_tenant(tenant))
    assert {each.meter for each in made} == {meter.key for meter in MONTHLY}
    for each in made:
        within = [event for event in events if each.period_start <= event.time < each.period_end]
        value, count, _ = naive(BY_KEY[each.meter], within) or (0, 0, 0)
        assert Fraction(each.value) + adjusted[each.pk] == value
        assert each.count + counts[each.pk] == count


@pytest.fixture
def committed_workspace(parcels, log, committed):
    tenant = Tenant.objects.get(slug="acme")
    created_at = tenant.created_at
    _begin(tenant)
    yield tenant
    with past_the_trigger() as cursor:
        for table in ("adjustment", "statement", "ledger", "billingcycle"):
            cursor.execute(f"DELETE FROM metering_{table}")  # noqa: S608
    Tenant.objects.filter(pk=tenant.pk).update(created_at=created_at)


def test_two_workers_at_once_close_a_period_once(committed_workspace, log):
    tenant = committed_workspace
    log.store.append([at(NOON, 1, tenant), at(NOON, 2, tenant)])
    Tenant.objects.exclude(pk=tenant.pk).update(created_at=datetime(2100, 1, 1, tzinfo=UTC))
    begin, made = threading.Barrier(4), []

    def work():
        begin.wait()
        try:
            made.extend(close_due(now=LATER + HOUR, lag=stored))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    made += close_due(now=LATER + HOUR, lag=stored)
    rows = Statement.objects.for_tenant(tenant)
    assert rows.count() == len([each for each in made if each.tenant_id == tenant.pk])
    assert rows.count() == 2 * len(MONTHLY)
    assert rows.get(meter="parcels", period_end=NEXT).value == Decimal(2)
    assert list(chain.broken(tenant)) == []


def test_statements_are_counted_by_workspace(workspace, globex, log):
    Tenant.objects.filter(pk=globex.pk).update(created_at=ANCHOR)
    log.store.append([at(NOON, 1, workspace), at(NOON, 2, globex), at(NOON, 3, globex)])
    made = close_due(now=NEXT + HOUR, lag=stored)
    values = {each.tenant_id: each.value for each in made if each.meter == "parcels"}
    assert values[workspace.pk] == 1
    assert statements.close_due(now=NEXT + HOUR, lag=stored) == []
