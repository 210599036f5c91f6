"""Two clicks, a return and a check, at the same moment."""

from __future__ import annotations

import json
from collections.abc import Callable

import stripe as sdk

from billing import upkeep
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
