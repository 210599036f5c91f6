"""A worker and a web that are killed in the middle of Stripe's news: as if they had come a little later."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
import stripe as sdk

from billing import webhook_urls, webhooks
from billing.models import InboxEvent, Subscription
from billing.subscriptions import subscription
from billing.webhooks import inbox
from outbound.models import Message
from tenants.models import AuditEntry
from tests.billing.conftest import SECRET, Shop
from tests.billing.killed import killed_at
from tests.billing.simulated import Delivery, Mailbox
from tests.billing.webhooks.test_webhooks import sign


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    shop = open_shop()
    shop.buy("pro")
    return shop


@pytest.fixture
def upgraded(shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox) -> Delivery:
    """Done at Stripe; what it tells us of it."""
    InboxEvent.objects.filter(customer=shop.customer).delete()
    found = subscription.newest(shop.customer)
    assert found is not None
    [item] = found["items"].data
    price = stripe.v1.prices.list({"lookup_keys": ["business_month"]}).data[0]
    stripe.v1.subscriptions.update(found.id, {"items": [{"id": item.id, "price": price.id}]})
    return mailbox.wait_for("customer.subscription.updated", customer=shop.customer)


def is_right_once(shop: Shop) -> None:
    """The plan, its limits and what tells of it: each there, and not twice."""
    row = Subscription.objects.get(tenant=shop.tenant)
    assert (shop.account.plan_key, row.plan_key) == ("business", "business")
    assert shop.limit("clicks") != 0
    noted = AuditEntry.objects.filter(tenant=shop.tenant, action="plan.changed")
    assert [entry.details["to"] for entry in noted.order_by("at")] == ["pro", "business"]
    letters = Message.objects.filter(tenant_id=shop.tenant.pk, kind="billing.plan_changed")
    assert letters.count() == 2


@pytest.mark.parametrize(
    "step", ["stripe.taken", "billing.asked", "billing.written", "stripe.settled"]
)
def test_a_worker_that_is_killed_leaves_the_news_to_the_next(
    shop: Shop, upgraded: Delivery, step: str
) -> None:
    inbox.store(upgraded.event)
    killed_at(step, webhooks.work_off)
    waiting = InboxEvent.objects.filter(customer=shop.customer, due_at__isnull=False)
    assert (waiting.count(), shop.account.plan_key) == (1, "pro"), "nothing is half done"
    assert webhooks.work_off() == 1
    assert not waiting.exists()
    is_right_once(shop)
    webhooks.work_off()
    is_right_once(shop)


def test_a_web_that_is_killed_before_it_answers_hears_it_again_and_acts_once(
    shop: Shop, upgraded: Delivery, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_urls._bell, "ring", lambda: None)
    settings.STRIPE_WEBHOOK_UUID, settings.STRIPE_WEBHOOK_SECRET = str(uuid4()), SECRET

    def post() -> int:
        return shop.member.post(  # type: ignore[no-any-return]
            f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",
            upgraded.body,
            content_type="application/json",
            headers={
                "stripe-signature": sign(Delivery(upgraded.body, "")),
                "host": f"{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}",
            },
        ).status_code

    killed_at("stripe.stored", post)
    assert InboxEvent.objects.filter(pk=json.loads(upgraded.body)["id"]).count() == 1
    assert post() == 200  # Stripe got no answer
    webhooks.work_off()
    is_right_once(shop)


@pytest.mark.parametrize("step", ["billing.asked", "billing.written"])
def test_a_web_that_is_killed_on_the_return_from_checkout_loses_no_payment(
    open_shop: Callable[[], Shop], stripe: sdk.StripeClient, mailbox: Mailbox, step: str
) -> None:
    shop = open_shop()
    back = shop.pay("pro")
    killed_at(step, lambda: shop.owner.get(back))
    assert shop.account.plan_key == "free"
    delivery = mailbox.wait_for("checkout.session.completed", customer=shop.customer)
    inbox.store(delivery.event)
    webhooks.work_off()
    assert shop.account.plan_key == "pro"
    shop.owner.get(back)
    paid = stripe.v1.invoices.list({"customer": shop.customer, "status": "paid"}).data
    assert [invoice.amount_paid for invoice in paid] == [29_00]
    assert AuditEntry.objects.filter(tenant=shop.tenant, action="plan.changed").count() == 1
