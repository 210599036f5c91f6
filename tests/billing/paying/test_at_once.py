"""Two owners, or two tabs, at the same moment: one payment, one offer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stripe as sdk

from billing.models import Subscription
from billing.selling import pushing
from outbound.models import Message
from tests.billing.conftest import Shop, at_once
from tests.billing.paying.conftest import FAILS, VISA

pytestmark = pytest.mark.thorough


def test_what_is_open_is_paid_once_and_an_offer_taken_once(
    open_shop: Callable[[], Shop], stripe: sdk.StripeClient
) -> None:
    pushing.push()
    shop = open_shop()
    shop.buy("pro")
    tabs = [open_shop() for _ in range(3)]
    at_once(*(lambda tab=tab: tab.owner.post("/billing/cancellation/offer/") for tab in tabs))
    bought = str(shop.account.subscription_id)
    assert len(Subscription.objects.get(stripe_id=bought).discounts) == 1
    mails = Message.objects.filter(tenant_id=shop.tenant.pk, kind="billing.offer_taken")
    assert mails.filter(channel="mail").count() == 1

    bad = stripe.v1.payment_methods.attach(FAILS, {"customer": shop.customer})
    stripe.v1.subscriptions.update(bought, {"default_payment_method": bad.id})
    shop.becomes(stripe, "pro_year")
    assert shop.account.status == "past_due"
    owed = shop.account.owed
    good = stripe.v1.payment_methods.attach(VISA, {"customer": shop.customer})
    stripe.v1.subscriptions.update(bought, {"default_payment_method": good.id})
    answers = at_once(*(lambda tab=tab: tab.owner.post("/billing/payment/") for tab in tabs))
    assert {answer.status_code for answer in answers} == {302}  # type: ignore[attr-defined]
    assert (shop.account.status, shop.account.owed) == ("active", 0)
    paid = [
        each.amount
        for each in stripe.v1.charges.list({"customer": shop.customer}).data
        if each.paid
    ]
    assert sorted(paid) == sorted([29_00, owed])
