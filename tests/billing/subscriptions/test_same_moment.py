"""Two clicks, a return and a check, at the same moment."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import stripe as sdk

from billing import upkeep
from billing.models import Account, Subscription
from events.models import OutboxEvent
from tests.billing.conftest import Shop, at_once, customers_of

OpenShop = Callable[[], Shop]


def test_four_clicks_make_one_customer_and_one_checkout(
    open_shop: OpenShop, stripe: sdk.StripeClient
) -> None:
    browsers = [open_shop() for _ in range(4)]
    pages = at_once(*(browser.start_checkout for browser in browsers))
    assert len(set(pages)) == 1
    assert len(customers_of(browsers[0].tenant, stripe)) == 1


def test_return_and_check_change_the_plan_once(open_shop: OpenShop) -> None:
    shop = open_shop()
    back = shop.pay("pro")
    at_once(lambda: shop.owner.get(back), lambda: open_shop().owner.get(back), upkeep.ask_stripe)
    assert shop.limit("links") == 1_000
    payloads = [json.loads(row.payload) for row in OutboxEvent.objects.all()]
    mine = [one for one in payloads if one["tenant"] == shop.tenant.schema_name]
    assert [one["name"] for one in mine].count("Plan Changed") == 1
    assert len({one["id"] for one in mine if one["name"] == "Invoice Paid"}) == 1


def test_a_trial_and_two_purchases_at_the_same_moment_leave_one_subscription(
    open_shop: OpenShop, stripe: sdk.StripeClient
) -> None:
    """Whoever is first, and whatever page somebody pays on afterwards."""
    trying, *buying = [open_shop() for _ in range(3)]
    pro, business = ({"plan": key, "interval": "month"} for key in ("pro", "business"))
    answers = at_once(
        lambda: trying.owner.post("/billing/trial/", pro),
        lambda: buying[0].owner.post("/billing/checkout/", pro),
        lambda: buying[1].owner.post("/billing/checkout/", business),
    )
    assert {answer.status_code for answer in answers} <= {302, 303, 409}
    for answer in answers:
        page = answer.get("Location", "")
        if page.startswith("http"):
            card = {"card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34"}
            httpx.post(page, data={**card, "card_cvc": "123", "cardholder_name": "Ada"})
    upkeep.ask_about(Account.objects.filter(tenant=trying.tenant))
    listed = stripe.v1.subscriptions.list({"customer": trying.customer, "status": "all"}).data
    live = [each for each in listed if each.status in ("active", "trialing")]
    assert len(live) == len(listed) == 1
    row = Subscription.objects.get(tenant=trying.tenant)
    assert (row.stripe_id, trying.account.subscription_id) == (live[0].id, live[0].id)
