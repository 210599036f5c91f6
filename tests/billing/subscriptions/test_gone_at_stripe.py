"""News of what was deleted at Stripe before we heard of it: taken like any other, and never again."""

from __future__ import annotations

from collections.abc import Callable

import stripe as sdk

from billing.models import InboxEvent
from billing.webhooks import missed_events
from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox

Deliver = Callable[..., object]


def take_all(mailbox: Mailbox, deliver: Deliver, customer: str) -> None:
    mailbox.wait_for("customer.deleted", customer=customer)
    for delivery in mailbox.about(customer):
        answer = deliver(delivery)
        kind = delivery.event["type"]
        assert (answer.status_code, kind) == (200, kind)
        kept = InboxEvent.objects.get(pk=delivery.event["id"])
        assert (kept.due_at, kept.outcome.startswith("failed")) == (None, False), kind
    assert not missed_events.waiting().exists()


def test_a_customer_that_was_deleted_before_the_news_that_it_was_made(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.start_checkout()
    customer = shop.customer
    stripe.v1.customers.update(customer, {"name": "Once more"})
    stripe.v1.customers.delete(customer)
    take_all(mailbox, deliver, customer)


def test_whatever_a_deleted_customer_had(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.pay("pro")
    customer = shop.customer
    mailbox.wait_for("invoice.paid", customer=customer)
    mailbox.wait_for("payment_method.attached", customer=customer)
    stripe.v1.customers.delete(customer)
    take_all(mailbox, deliver, customer)
    assert shop.account.plan_key == "free"


def test_one_that_failed_earlier_is_ended_by_the_command(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.start_checkout()
    customer = shop.customer
    created = mailbox.wait_for("customer.created", customer=customer)
    stripe.v1.customers.delete(customer)
    deliver(created)
    InboxEvent.objects.filter(pk=created.event["id"]).update(outcome="failed: in some way")
    assert [taken.outcome for taken in missed_events.failed()] == ["new"]
    assert not missed_events.waiting().exists()
