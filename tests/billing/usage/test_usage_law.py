"""The law of billing: whatever happens in whatever order, all charges of a period together are the
price of what the raw events say was used in it, rounded half up once; and no closing, no late
event and no repetition charges anything twice.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from billing.models import UsageCharge, UsageInvoice
from billing.usage import usage_charges
from events import Event
from events.health import Lag
from metering import UsagePrice
from metering.models import Ledger, Statement, Terms
from metering.periods import cycles
from metering.statements import close_due
from tenants.models import Tenant
from tests.events.log import Log, events_database, log, postgres_events, store_kind  # noqa: F401
from tests.metering.parcels import BY_KEY, NOON, PLACES, naive, parcels, sent  # noqa: F401

START = NOON - timedelta(days=20)
DAY = 86_400
# Billed by the unit, in fractions of a cent, never, and for a meter that can shrink.
PLANS: list[dict[str, tuple[int | None, UsagePrice | None]]] = [
    {},
    {"parcels": (2, UsagePrice(7)), "grams": (20, UsagePrice(1, per=3))},
    {
        "parcels": (0, UsagePrice(1, per=2)),
        "grams": (5, UsagePrice(99, per=10)),
        "places": (1, None),
    },
    {"grams": (None, UsagePrice(5)), "places": (1, UsagePrice(3)), "hottest": (1, UsagePrice(1))},
]

moments = st.integers(-19 * DAY, 40 * DAY)
sent_one = st.tuples(
    st.just("sent"), moments, st.sampled_from(PLACES), st.integers(-20, 50).map(lambda n: n or 30)
)
others = [
    st.tuples(st.just("closed"), st.integers(12 * DAY, 60 * DAY)),
    st.tuples(st.just("planned"), moments, st.sampled_from(range(len(PLANS)))),
    st.tuples(st.just("anchored"), moments),
    st.tuples(st.just("charged"), st.just(0)),
]
happened = st.lists(
    st.one_of(*[sent_one] * 6, *others),  # mostly usage
    min_size=12,
    max_size=24,
)


@pytest.mark.thorough
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(happened=happened, first=st.sampled_from([1, 2, 3]))
def test_all_charges_are_the_price_of_all_that_was_used(
    parcels: None,  # noqa: F811
    log: Log,  # noqa: F811
    acme: Tenant,
    happened: list[Any],
    first: int,
) -> None:
    log.empty()
    with transaction.atomic():
        begin(acme)
        plan(acme, START, first)
        for number, (what, when, *rest) in enumerate(happened, 1):
            moment = NOON + timedelta(seconds=when)
            if what == "sent":
                log.store.append([an_event(acme, number, when, *rest)])
            elif what == "closed":
                close(acme, moment)
            elif what == "planned":
                plan(acme, moment, *rest)
            elif what == "anchored":
                cycles.set_anchor(acme, moment, since=moment)
            else:
                usage_charges.charge(acme)
        close(acme, NOON + timedelta(days=110))  # more periods than events have been in
        usage_charges.charge(acme)
        assert usage_charges.charge(acme) == 0
        the_law_holds(acme, log.store.find())
        transaction.set_rollback(True)
    cycles.forget()


def begin(tenant: Tenant) -> None:
    Tenant.objects.exclude(pk=tenant.pk).update(created_at=datetime(2100, 1, 1, tzinfo=UTC))
    Tenant.objects.filter(pk=tenant.pk).update(created_at=START)
    Ledger.objects.all().delete()
    Terms.objects.for_tenant(tenant).delete()
    cycles.set_anchor(tenant, START, since=START)


def an_event(tenant: Tenant, number: int, when: int, place: str | None, grams: int) -> Event:
    details = {"to": place, "grams": grams, "degrees": grams / 7}
    return sent(number=number, seconds=when, tenant=tenant.schema_name, **details)


def close(tenant: Tenant, now: datetime) -> None:
    close_due(now=now, lag=Lag)


def plan(tenant: Tenant, since: datetime, number: int) -> None:
    """As `entitlements.apply` does, at that time."""
    for meter in BY_KEY:
        included, price = PLANS[number].get(meter, (None, None))
        Terms.objects.create(
            tenant=tenant,
            meter=meter,
            since=since,
            included=included,
            price_amount=price.amount if price else None,
            price_per=price.per if price else None,
            currency="usd" if price else "",
        )


def the_law_holds(tenant: Tenant, events: list[Event]) -> None:
    charged: Counter[tuple[str, datetime]] = Counter()
    above: Counter[tuple[str, datetime]] = Counter()
    for charge in UsageCharge.objects.for_tenant(tenant).select_related("statement"):
        charged[month_of(charge.statement)] += charge.amount
        above[month_of(charge.statement)] += Fraction(charge.quantity)  # type: ignore[assignment]
    months: dict[tuple[str, datetime], list[Statement]] = {}
    for statement in Statement.objects.for_tenant(tenant).order_by("period_start"):
        months.setdefault(month_of(statement), []).append(statement)
    for month, parts in months.items():
        cost, over = price_of_all(parts, events, start=month[1])
        assert charged[month] == cost
        if any(part.price_amount is not None for part in parts):
            assert above[month] == over
    on_invoices = UsageCharge.objects.for_tenant(tenant).exclude(amount=0)
    assert not on_invoices.filter(invoice=None).exists()
    invoices = UsageInvoice.objects.for_tenant(tenant)
    assert sum(charged.values()) == sum(
        charge.amount for invoice in invoices for charge in invoice.charges.all()
    )


def month_of(statement: Statement) -> tuple[str, datetime]:
    return statement.meter, statement.month_start or statement.period_start


def price_of_all(
    parts: list[Statement], events: list[Event], *, start: datetime
) -> tuple[int, Fraction]:
    """From what was used in the month until each part's end: what the part costs by its terms, above
    what the use until its start would have cost by them."""
    cost, quantity, before = 0, Fraction(0), Fraction(0)
    for part in parts:
        within = [event for event in events if start <= event.time < part.period_end]
        used = (naive(BY_KEY[part.meter], within) or (Fraction(0),))[0]
        if part.price_amount is not None and part.included is not None:
            over = [max(Fraction(0), each - part.included) for each in (before, used)]
            exact = [each * part.price_amount / part.price_per for each in over]
            said = [math.floor(each + Fraction(1, 2)) for each in exact]
            cost += max(0, said[1] - said[0])
            quantity += max(Fraction(0), over[1] - over[0])
        before = used
    return cost, quantity
