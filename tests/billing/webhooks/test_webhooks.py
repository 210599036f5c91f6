"""What Stripe tells us: late, twice, in any order, or somebody else in its name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
import stripe as sdk

from billing.models import InboxEvent
from events.models import OutboxEvent
from tests.billing.conftest import SECRET, Shop
from tests.billing.simulated import Delivery, Mailbox

Deliver = Callable[..., object]


def sign(delivery: Delivery, *, secret: str = SECRET, at: float | None = None) -> str:
    """Stripe's signature scheme v1 ("Verify webhook signatures manually")."""
    seconds = int(at or time.time())
    payload = f"{seconds}.{delivery.body.decode()}"
    return f"t={seconds},v1={sdk.WebhookSignature._compute_signature(payload, secret)}"


@pytest.fixture
def paid(shop: Shop, mailbox: Mailbox) -> Delivery:
    shop.pay("pro")
    mailbox.wait_for("customer.subscription.created", customer=shop.customer)
    return mailbox.wait_for("invoice.paid", customer=shop.customer)


def test_every_event_of_an_upgrade_is_accepted_in_any_order(
    shop: Shop, paid: Delivery, mailbox: Mailbox, deliver: Deliver, settle: Callable[[], None]
) -> None:
    for delivery in reversed(mailbox.about(shop.customer)):
        answer = deliver(delivery)
        assert answer.status_code == 200, delivery.event["type"]
    assert shop.limit("links") == 1_000
    settle()
    assert len(shop.recorded("Plan Changed")) == 1
    assert len(shop.recorded("Invoice Paid")) == 1


def test_a_webhook_after_the_return_changes_nothing(
    shop: Shop, mailbox: Mailbox, deliver: Deliver, settle: Callable[[], None]
) -> None:
    shop.buy("pro")
    deliver(mailbox.wait_for("customer.subscription.created", customer=shop.customer))
    deliver(mailbox.wait_for("invoice.paid", customer=shop.customer))
    settle()
    assert len(shop.recorded("Plan Changed")) == 1
    assert len(shop.recorded("Invoice Paid")) == 1


def test_a_replayed_webhook_has_no_second_effect(
    shop: Shop, paid: Delivery, deliver: Deliver, settle: Callable[[], None]
) -> None:
    for _ in range(3):
        assert deliver(paid).status_code == 200
    assert InboxEvent.objects.filter(pk=paid.event["id"]).count() == 1
    settle()
    assert [e["amount"] for e in shop.recorded("Invoice Paid")] == [2900]


def test_a_replay_is_not_even_looked_at(
    shop: Shop, paid: Delivery, deliver: Deliver, settle: Callable[[], None]
) -> None:
    deliver(paid)
    settle()
    deliver(paid)
    assert not OutboxEvent.objects.exists()


def test_an_old_event_cannot_bring_an_old_plan_back(
    shop: Shop, paid: Delivery, mailbox: Mailbox, deliver: Deliver
) -> None:
    deliver(paid)
    shop.change(plan="business")
    deliver(mailbox.wait_for("customer.subscription.created", customer=shop.customer))
    assert shop.account.plan_key == "business"


def test_a_forged_signature_is_refused(shop: Shop, paid: Delivery, deliver: Deliver) -> None:
    for signature in (sign(paid, secret="whsec_guess"), "t=1,v1=00", "nonsense"):
        assert deliver(paid, signature=signature).status_code == 400
    assert shop.account.plan_key == "free"


def test_an_old_signature_is_refused(shop: Shop, paid: Delivery, deliver: Deliver) -> None:
    stale = sign(paid, at=time.time() - 600)
    assert deliver(paid, signature=stale).status_code == 400
    assert shop.account.plan_key == "free"


def test_a_changed_body_is_refused(shop: Shop, paid: Delivery, deliver: Deliver) -> None:
    changed = Delivery(paid.body.replace(b"2900", b"1"), paid.signature)
    assert deliver(changed).status_code == 400


def test_an_unknown_address_is_not_found(paid: Delivery, deliver: Deliver) -> None:
    assert deliver(paid, uuid=str(uuid4())).status_code == 404


def test_a_sender_cannot_name_the_secret_even_in_debug(
    paid: Delivery, deliver: Deliver, settings: object, client_for: Callable[..., object]
) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    answer = client_for().post(
        f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",  # type: ignore[attr-defined]
        paid.body,
        content_type="application/json",
        headers={
            "stripe-signature": sign(paid, secret="whsec_mine"),
            "x-djstripe-webhook-secret": "whsec_mine",
        },
    )
    assert answer.status_code == 400


def test_an_event_of_a_customer_that_is_not_ours_is_kept_and_ignored(
    stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    stranger = stripe.v1.customers.create({"name": "Somebody else's"})
    assert deliver(mailbox.wait_for("customer.created", customer=stranger.id)).status_code == 200


@pytest.mark.parametrize("created", [10**18, 10**12, -(10**18), 10**30])
def test_a_time_that_no_calendar_has_is_kept_and_not_delivered_for_days(
    shop: Shop, paid: Delivery, deliver: Deliver, created: int
) -> None:
    event = {**paid.event, "id": f"evt_{uuid4().hex}", "created": created}
    odd = replace(paid, body=json.dumps(event).encode())
    assert deliver(odd, signature=sign(odd)).status_code == 200
