"""Statements and adjustments add up, in whatever order things come and however many close at once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from metering.models import Adjustment, Statement
from metering.periods import cycles
from metering.statements import chain, close_due
from tenants.models import Tenant
from tests.metering.closing import (
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
from tests.metering.parcels import BY_KEY, NOON, PLACES, naive

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
        begin(acme)
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
    begin(tenant)
    yield tenant
    with past_the_trigger() as cursor:
        for table in ("adjustment", "statement", "ledger", "billingcycle"):
            cursor.execute(f"DELETE FROM metering_{table}")  # noqa: S608
    Tenant.objects.filter(pk=tenant.pk).update(created_at=created_at)


def test_two_workers_at_once_close_a_period_once(committed_workspace, log):
    tenant = committed_workspace
    log.store.append([at(NOON, 1, tenant), at(NOON, 2, tenant)])
    Tenant.objects.exclude(pk=tenant.pk).update(created_at=datetime(2100, 1, 1, tzinfo=UTC))
    start, made = threading.Barrier(4), []

    def work():
        start.wait()
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
