"""MRR and its movements: to the cent, written once, and the sum of all movements is what is paid now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import stripe as sdk
from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import catalogue
from billing.models import Account, MrrMovement, Subscription
from billing.revenue import figures, movements, mrr
from billing.selling import terms
from billing.subscriptions import subscription
from tenants.life import deletion, purge
from tests.billing.conftest import Shop
from tests.billing.simulated import pay

NOW = datetime(2027, 3, 1, tzinfo=UTC)


def said(
    *items: tuple[int, int, str], status: str = "active", off: Iterable[SimpleNamespace] = (),
    paused: object = None,
) -> Any:  # fmt: skip
    """A subscription of these items (amount, quantity, interval) as Stripe describes it."""
    rows = [
        SimpleNamespace(
            quantity=quantity,
            price=SimpleNamespace(
                unit_amount=amount, unit_amount_decimal=str(amount), currency="usd",
                metadata={} if place else {"plan": "pro"},  # the others are add-ons
                recurring=SimpleNamespace(
                    interval=interval, interval_count=1,
                    usage_type="metered" if amount < 0 else "licensed",
                ),
            ),
        )
        for place, (amount, quantity, interval) in enumerate(items)
    ]  # fmt: skip

    class Said(SimpleNamespace):
        def __getitem__(self, name: str) -> Any:
            return SimpleNamespace(data=rows)

    return Said(status=status, pause_collection=paused, discounts=list(off))


def off(
    percent: float | None = None, amount: int | None = None, *, duration: str = "forever",
    end: datetime | None = None, plans: str = "",
) -> SimpleNamespace:  # fmt: skip
    metadata = {"plg_coupon": "some", "plans": plans} if plans else {}
    coupon = SimpleNamespace(
        percent_off=percent, amount_off=amount, duration=duration, metadata=metadata
    )
    at = end.timestamp() if end else None
    return SimpleNamespace(end=at, source=SimpleNamespace(coupon=coupon))


@pytest.mark.parametrize(
    ("subscription", "monthly"),
    [
        (said((29_00, 1, "month")), 29_00),
        (said((290_00, 1, "year")), 24_17),  # 24.1666…
        (said((12_00, 7, "month")), 84_00),
        (said((120_00, 3, "year")), 30_00),
        (said((29_00, 1, "month"), (5_00, 2, "month")), 39_00),
        (said((29_00, 1, "month"), (-1, 900, "month")), 29_00),  # what is metered is usage
        (said((7_00, 1, "week")), 30_42),  # 7 * 365 / 84 = 30.4166…
        (said((29_00, 1, "month"), off=[off(12.5)]), 25_38),  # 25.375
        (said((29_00, 1, "month"), off=[off(50), off(50)]), 7_25),
        (said((29_00, 1, "month"), off=[off(amount=9_00)]), 20_00),
        (said((290_00, 1, "year"), off=[off(amount=50_00)]), 20_00),
        (said((29_00, 1, "month"), off=[off(amount=99_00)]), 0),
        (said((29_00, 1, "month"), off=[off(50, duration="once")]), 29_00),
        (
            said((29_00, 1, "month"),
                 off=[off(50, duration="repeating", end=NOW + timedelta(days=1))]),
            14_50,
        ),
        (said((29_00, 1, "month"), off=[off(50, duration="repeating", end=NOW)]), 29_00),
        (said((29_00, 1, "month"), (10_00, 1, "month"), off=[off(50, plans="pro")]), 24_50),
        (said((29_00, 1, "month"), (10_00, 1, "month"), off=[off(50, plans="team")]), 39_00),
        (said((9_00, 1, "month"), (1_00, 1, "month"), off=[off(amount=20_00, plans="pro")]), 1_00),
        (said((29_00, 1, "month"), status="past_due"), 29_00),
        (said((29_00, 1, "month"), status="trialing"), 0),
        (said((29_00, 1, "month"), status="unpaid"), 0),
        (said((29_00, 1, "month"), status="canceled"), 0),
        (said((29_00, 1, "month"), paused=object()), 0),
        (said(), 0),
    ],
)  # fmt: skip
def test_what_a_subscription_is_by_the_month(subscription: Any, monthly: int) -> None:
    assert mrr.monthly(subscription, now=NOW) == monthly


def kinds(shop: Shop) -> list[tuple[str, int, int]]:
    rows = MrrMovement.objects.for_tenant(shop.tenant).order_by("number")
    return [(row.kind, row.before, row.after) for row in rows]


def sums() -> dict[str, int]:
    rows = MrrMovement.objects.values_list("currency")
    found = dict(rows.annotate(sum=Sum(F("after") - F("before"))))
    return {currency: amount for currency, amount in found.items() if amount}


def paid_now() -> dict[str, int]:
    found = dict(Subscription.objects.values_list("currency").annotate(sum=Sum("monthly")))
    return {currency: amount for currency, amount in found.items() if amount}


def test_a_life_of_a_subscription_moves_what_is_paid(shop: Shop, stripe: sdk.StripeClient) -> None:
    shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    assert kinds(shop) == [], "a trial pays nothing"
    stripe.v1.subscriptions.cancel(shop.account.subscription_id)
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert kinds(shop) == [], "and its end without a card neither"
    shop.buy("pro")
    assert kinds(shop) == [("new", 0, 29_00)]
    shop.change(plan="business", interval="year")
    assert kinds(shop)[1:] == [("expansion", 29_00, 82_50)]
    shop.becomes(stripe, "team_month", seats=3)
    assert kinds(shop)[2:] == [("contraction", 82_50, 36_00)]
    for _ in range(3):
        subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert len(kinds(shop)) == 3, "the same is said as often as it is asked"
    stripe.v1.subscriptions.cancel(shop.account.subscription_id)
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert kinds(shop)[3:] == [("churn", 36_00, 0)]
    shop.buy("pro", "year")
    assert kinds(shop)[4:] == [("reactivation", 0, 24_17)]
    stripe.v1.customers.delete(shop.customer)
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert kinds(shop)[5:] == [("churn", 24_17, 0)], "who is deleted at Stripe pays no more"
    assert sums() == paid_now() == {}


def test_who_is_there_already_begins_when_it_began(shop: Shop) -> None:
    shop.buy("pro")
    MrrMovement.objects.all().delete()
    Subscription.objects.update(monthly=0, started_at=NOW - timedelta(days=400))
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    [row] = MrrMovement.objects.for_tenant(shop.tenant)
    began = Subscription.objects.get(tenant=shop.tenant).started_at
    assert (row.kind, row.after, row.at) == ("new", 29_00, began)


def test_a_change_is_written_once_and_says_what_it_was_before(shop: Shop) -> None:
    shop.buy("pro")
    [row] = MrrMovement.objects.for_tenant(shop.tenant)
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)
    row.number, row.before = 2, row.after
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_what_a_purged_workspace_paid_ends_and_stays_in_the_history(
    shop: Shop, stripe: sdk.StripeClient, people: Any
) -> None:
    shop.buy("pro")
    pays = shop.account.subscription_id
    deletion.delete(shop.tenant, by=people.acme_owner)
    stripe.v1.subscriptions.cancel(pays)
    movements.close(shop.tenant)
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert kinds(shop) == [("new", 0, 29_00), ("churn", 29_00, 0)]
    assert "billing.MrrMovement" in purge._WHY_KEPT


def row_of(tenant: Any, currency: str, monthly: int, key: int) -> Subscription:
    """A subscription as the projection keeps it."""
    row, _ = Subscription.objects.update_or_create(
        stripe_id=f"sub_law_{tenant.pk.hex}_{currency}_{key}",
        defaults={
            "tenant": tenant, "status": "active" if monthly else "canceled", "plan_key": "pro",
            "price_id": "price_x", "terms": terms.newest("pro"), "currency": currency,
            "monthly": monthly, "started_at": NOW, "period_start": NOW,
            "period_end": NOW + timedelta(days=31),
        },
    )  # fmt: skip
    return row


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["acme", "globex"]),
        st.sampled_from(["usd", "eur"]),
        st.integers(0, 2),
        st.sampled_from([0, 0, 1, 29_00, 24_17, 99_00, 10**9]),
        st.booleans(),
        st.integers(-40, 40),
    ),
    max_size=14,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS)
def test_the_sum_of_all_movements_is_what_is_paid_now(
    acme: Any, globex: Any, stripe: object, steps: list[Any]
) -> None:
    """Whatever changes, in whatever order it is heard of, how often, and when."""
    tenants = {"acme": acme, "globex": globex}
    with transaction.atomic():
        terms.current(catalogue.plan("pro"))
        for name, currency, key, monthly, twice, day in steps:
            tenant = tenants[name]
            row_of(tenant, currency, monthly, key)
            rows = list(Subscription.objects.for_tenant(tenant))
            account, at = Account.objects.of(tenant), NOW + timedelta(days=day)
            for _ in range(1 + twice):
                movements.note(account, rows, now=at)
        assert sums() == paid_now()
        for tenant in tenants.values():
            for currency in ("usd", "eur"):
                _is_a_chain(tenant, currency)
        months = [figures.month_named(f"2027-{month:02}") for month in range(1, 6)]
        moved: dict[str, int] = {}
        for month in months:
            for currency, of_kinds in figures.moved(month).items():
                moved[currency] = moved.get(currency, 0) + sum(
                    each for each, _ in of_kinds.values()
                )
        assert {key: value for key, value in moved.items() if value} == paid_now()
        ends = figures.at_end_of(months[-1])
        assert {key: value for key, value in ends.items() if value} == paid_now()
        transaction.set_rollback(True)


def _is_a_chain(tenant: Any, currency: str) -> None:
    rows = list(MrrMovement.objects.for_tenant(tenant).filter(currency=currency).order_by("number"))
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.before for row in rows] == [0, *(row.after for row in rows)][: len(rows)]
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    for row in rows:
        expected = {
            (True, False): {"new", "reactivation"}, (False, True): {"churn"},
            (False, False): {"expansion" if row.after > row.before else "contraction"},
        }[(row.before == 0, row.after == 0)]  # fmt: skip
        assert row.kind in expected
    firsts = MrrMovement.objects.for_tenant(tenant).filter(kind="new").count()
    assert firsts <= 1


def test_two_currencies_stand_side_by_side(shop: Shop) -> None:
    answer = shop.owner.post(
        "/billing/checkout/", {"plan": "pro", "interval": "month", "currency": "eur"}
    )
    back = pay(answer["Location"])
    shop.owner.get(back[back.index("/billing") :])
    row_of(shop.tenant, "usd", 99_00, 1)
    movements.note(shop.account, list(Subscription.objects.for_tenant(shop.tenant)))
    assert figures.mrr(figures.standing()) == {"eur": 27_00, "usd": 99_00}
    assert sums() == {"eur": 27_00, "usd": 99_00}
