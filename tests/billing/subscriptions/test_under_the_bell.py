"""Owners find under the bell what becomes of the plan, and that a payment has failed."""

from __future__ import annotations

import html
import re

from billing.models import Account
from billing.subscriptions import subscription
from outbound.running import Runner
from tests.billing.conftest import Shop


def titles(shop: Shop, who: str = "owner") -> list[str]:
    Runner().one_pass()
    page = getattr(shop, who).get("/notifications/").content.decode()
    return [html.unescape(one) for one in re.findall(r'<a href="/billing/"[^>]*>(.*?)</a>', page)]


def test_a_plan_that_changed(shop: Shop) -> None:
    shop.buy()
    assert titles(shop) == ["Test shop is on Pro"]
    assert titles(shop, "member") == []


def test_a_payment_that_failed_is_told_once(shop: Shop, stripe) -> None:
    shop.buy()
    bad = stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": shop.customer}
    )
    id = shop.account.subscription_id
    stripe.v1.subscriptions.update(id, {"default_payment_method": bad.id})
    [yearly] = stripe.v1.prices.list({"lookup_keys": ["pro_year"]}).data
    [item] = stripe.v1.subscriptions.retrieve(id)["items"].data
    stripe.v1.subscriptions.update(id, {"items": [{"id": item.id, "price": yearly.id}]})
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert shop.account.status == "past_due"
    assert titles(shop)[0] == "A payment for Test shop has failed"
    for _ in range(2):  # webhooks, late and again
        subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert titles(shop).count("A payment for Test shop has failed") == 1
    assert titles(shop, "member") == []
