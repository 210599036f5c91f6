"""A subscription with items of Stripe's meters is changed as any other."""

from __future__ import annotations

from billing.models import Subscription
from tests.billing.exporting.conftest import Metered


def test_up_at_once_by_the_year_and_down_when_it_ends(metered: Metered) -> None:
    shop = metered.shop

    def prices() -> list[str | None]:
        items = metered.stripe.v1.subscriptions.retrieve(shop.account.subscription_id or "")
        return [item.price.lookup_key for item in items["items"].data]

    assert len(prices()) == 2, "the plan, and its clicks"
    shop.change(plan="business")
    shop.change(plan="pro")
    row = Subscription.objects.get(stripe_id=shop.account.subscription_id)
    assert (row.plan_key, row.scheduled_plan_key) == ("business", "pro")
    metered.bring()
    shop.owner.post("/billing/scheduled/revoke/")
    shop.change(plan="business", interval="year")
    metered.bring()
    assert (shop.account.interval, prices()) == ("year", ["business_year"])
