"""A closed period is stated once and never changes; what comes later adjusts it, to the unit."""

from __future__ import annotations

from datetime import timedelta

import django.db
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from events.health import Lag
from metering import Limit, UsagePrice, statements
from metering.models import Adjustment, Ledger, Statement, Terms
from metering.periods import cycles
from metering.quotas import limits
from metering.signals import period_closed
from metering.statements import chain, close_due
from tenants.models import Tenant
from tests.metering.closing import (
    ANCHOR,
    HOUR,
    LATER,
    MONTHLY,
    NEXT,
    at,
    begin,
    close,
    past_the_trigger,
    stored,
)
from tests.metering.parcels import NOON

LAST = 2 * len(MONTHLY)  # the number of the last statement of two months


@pytest.fixture
def workspace(parcels, log, acme):
    """A workspace whose only closed period would be the one that ends on NEXT."""
    begin(acme)
    return acme


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


def test_a_workspace_that_cannot_be_closed_keeps_no_other_from_its_statements(
    workspace, globex, caplog
):
    cycles.set_anchor(globex, ANCHOR + HOUR, since=ANCHOR + HOUR)  # due after the other one
    Tenant.objects.filter(pk=globex.pk).update(created_at=ANCHOR + HOUR)
    assert close(workspace, now=NEXT + 2 * HOUR)
    Ledger.objects.filter(tenant=workspace).update(statements=0)  # its next number is taken
    made = close_due(now=LATER + 2 * HOUR, lag=stored)
    assert {each.tenant_id for each in made} == {globex.pk}
    assert Ledger.objects.get(tenant=workspace).closed_until == NEXT, "it comes again"


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
        (f"DELETE FROM metering_statement WHERE number = {LAST}", f"counts {LAST}"),  # noqa: S608
    ],
)
def test_tampering_past_the_trigger_is_found(workspace, log, tampering, words):
    close(workspace, now=NEXT + HOUR)
    log.store.append([at(NOON, 1, workspace)])
    close(workspace, now=LATER + HOUR)
    call_command("verify_statements")
    assert statements.not_whole([workspace.pk]) == set()
    with past_the_trigger() as cursor:
        if tampering.startswith("DELETE"):
            cursor.execute("DELETE FROM metering_adjustment")
        cursor.execute(tampering)
    assert any(words in each for each in chain.broken(workspace))
    assert statements.not_whole([workspace.pk]) == {workspace.pk}
    with pytest.raises(CommandError):
        call_command("verify_statements", tenant=workspace.schema_name)


def test_statements_are_counted_by_workspace(workspace, globex, log):
    Tenant.objects.filter(pk=globex.pk).update(created_at=ANCHOR)
    log.store.append([at(NOON, 1, workspace), at(NOON, 2, globex), at(NOON, 3, globex)])
    made = close_due(now=NEXT + HOUR, lag=stored)
    values = {each.tenant_id: each.value for each in made if each.meter == "parcels"}
    assert values[workspace.pk] == 1
    assert statements.close_due(now=NEXT + HOUR, lag=stored) == []
