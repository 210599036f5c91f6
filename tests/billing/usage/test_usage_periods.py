"""Usage is counted by the months of the subscription."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import stripe as sdk

from billing.models import Account
from billing.subscriptions import subscription
from metering import periods
from metering.models import BillingCycle
from metering.periods import cycles
from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox


def history(shop: Shop) -> list[tuple[datetime, datetime | None]]:
    rows = BillingCycle.objects.filter(tenant=shop.tenant).order_by("since")
    return list(rows.values_list("since", "anchor"))


def started(shop: Shop, stripe: sdk.StripeClient) -> datetime:
    seconds = stripe.v1.subscriptions.retrieve(shop.account.subscription_id or "").start_date
    return datetime.fromtimestamp(seconds, UTC)


def running(shop: Shop) -> periods.Period:
    cycles.forget()
    return periods.current("month", tenant=shop.tenant, now=datetime.now(UTC))


def test_on_the_free_plan_months_are_the_calendars(shop: Shop) -> None:
    assert history(shop) == []
    assert running(shop).start == datetime.now(UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )


@pytest.mark.parametrize("interval", ["month", "year"])
def test_a_subscription_starts_months_of_its_own(
    shop: Shop, stripe: sdk.StripeClient, interval: str
) -> None:
    shop.buy("pro", interval)
    start = started(shop, stripe)
    assert history(shop) == [(start, start)]
    assert running(shop).start == start
    length = running(shop).end - start  # type: ignore[operator]
    assert 28 <= length.days <= 31


def test_an_upgrade_in_the_middle_goes_on_with_the_same_months(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    before = history(shop)
    shop.change(plan="business")
    assert shop.account.plan_key == "business"
    assert history(shop) == before


def test_another_interval_starts_anew_where_stripe_does(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    shop.change(plan="pro", interval="year")
    current = stripe.v1.subscriptions.retrieve(shop.account.subscription_id or "")
    anchor = datetime.fromtimestamp(current.billing_cycle_anchor, UTC)
    assert history(shop)[-1] == (anchor, anchor)
    assert running(shop).start == anchor


def test_when_the_subscription_ends_months_are_the_calendars_again(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    ended = stripe.v1.subscriptions.cancel(shop.account.subscription_id or "")
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert ended.ended_at
    assert history(shop)[-1] == (datetime.fromtimestamp(ended.ended_at, UTC), None)


def test_neither_order_nor_repetition_of_webhooks_matters(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Callable[..., object]
) -> None:
    shop.pay("pro")
    mailbox.wait_for("customer.subscription.created", customer=shop.customer)
    for delivery in [*reversed(mailbox.about(shop.customer)), *mailbox.about(shop.customer)]:
        deliver(delivery)
    for _ in range(2):
        subscription.sync(shop.account, origin=Account.Origin.CHECK)
    start = started(shop, stripe)
    assert history(shop) == [(start, start)]


def test_cancelling_for_the_end_of_the_period_changes_nothing_yet(shop: Shop) -> None:
    shop.buy("pro")
    before = history(shop)
    shop.owner.post("/billing/cancel/")
    shop.owner.post("/billing/resume/")
    assert history(shop) == before
