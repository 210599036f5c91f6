"""dj-stripe cannot tell the simulator from Stripe: every webhook of the journey is mirrored."""

from typing import Any

import pytest
import stripe
from django.http import HttpResponse
from django.test import RequestFactory
from djstripe import models
from djstripe.views import ProcessWebhookView

from .conftest import SECRET, World, eventually

pytestmark = pytest.mark.django_db
KEY = "sk_test_" + "a" * 24  # dj-stripe refuses keys that do not look like real ones


@pytest.fixture
def mirrored(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """dj-stripe asks the simulator, and knows the secret that signs its webhooks."""
    settings.STRIPE_LIVE_MODE = False
    settings.STRIPE_TEST_SECRET_KEY = KEY
    monkeypatch.setattr(stripe, "api_base", world.url)
    models.WebhookEndpoint.objects.create(
        id="we_of_the_tests", secret=SECRET, url=world.app.url, enabled_events=["*"], livemode=False
    )
    return world


def deliver(world: World, *, skip: int = 0) -> int:
    """Hand every webhook that the app heard to dj-stripe's own view; return how many."""
    endpoint = models.WebhookEndpoint.objects.get(id="we_of_the_tests")
    heard = world.app.heard[skip:]
    for body, headers in heard:
        request = RequestFactory().post(
            "/stripe/webhook/",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": headers["Stripe-Signature"]},
        )
        answer: HttpResponse = ProcessWebhookView.as_view()(request, uuid=endpoint.djstripe_uuid)
        assert answer.status_code == 200
    return len(heard)


def test_dj_stripe_mirrors_every_webhook_from_sign_up_to_the_end(mirrored: World) -> None:
    world = mirrored
    customer = world.customer(card=None, metadata={"workspace": "acme"}).id
    session = world.checkout(
        customer=customer, subscription_data={"metadata": {"workspace": "acme"}}
    )
    world.pay(session)
    eventually(lambda: "customer.subscription.created" in world.app.types)
    heard = deliver(world)
    paid = models.Session.objects.get(id=session.id)
    subscription = models.Subscription.objects.get(customer__id=customer)
    assert (paid.payment_status, paid.subscription) == ("paid", subscription)
    assert subscription.status == "active"
    assert subscription.items.get().price.unit_amount == 2900
    assert models.Invoice.objects.get(customer__id=customer).status == "paid"
    assert models.Charge.objects.get(customer__id=customer).paid

    item = subscription.items.get().id
    world.client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": item, "price": world.price(9900).id}],
            "proration_behavior": "always_invoice",
        },
    )
    world.client.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    world.client.v1.subscriptions.cancel(subscription.id)
    eventually(lambda: "customer.subscription.deleted" in world.app.types)
    heard += deliver(world, skip=heard)
    subscription.refresh_from_db()
    assert subscription.status == "canceled"
    assert models.InvoiceItem.objects.filter(customer__id=customer).count() == 2
    assert models.Event.objects.count() == heard > 25
    assert not models.WebhookEventTrigger.objects.exclude(exception="").exists()


def test_a_webhook_delivered_twice_is_processed_once(mirrored: World) -> None:
    mirrored.customer(card=None)
    eventually(lambda: mirrored.app.heard)
    deliver(mirrored)
    deliver(mirrored)
    assert models.Event.objects.count() == len(mirrored.app.heard)


def test_dj_stripe_mirrors_an_invoice_that_no_subscription_made(mirrored: World) -> None:
    world = mirrored
    customer = world.customer().id
    api = world.client.v1
    made = api.invoices.create({"customer": customer, "currency": "usd"})
    api.invoice_items.create(
        {"customer": customer, "invoice": made.id, "amount": 700, "currency": "usd"}
    )
    api.invoices.finalize_invoice(made.id, {"auto_advance": True})
    world.pass_time(1)
    eventually(lambda: "invoice.paid" in world.app.types)
    deliver(world)
    assert models.Invoice.objects.get(id=made.id).status == "paid"
    assert models.InvoiceItem.objects.filter(customer__id=customer).count() == 1
    assert not models.WebhookEventTrigger.objects.exclude(exception="").exists()
