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


def test_dj_stripe_mirrors_what_a_whole_life_brings(mirrored: World) -> None:
    world, api = mirrored, mirrored.client.v1
    coupon = api.coupons.create({"percent_off": 20, "duration": "forever"})
    api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    api.tax_rates.create({"display_name": "VAT", "percentage": 19, "inclusive": False})
    tiered = world.price(
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=[{"up_to": 5, "unit_amount": 700}, {"up_to": "inf", "unit_amount": 650}],
    )
    customer = world.customer(card="pm_card_createDispute").id
    api.customers.tax_ids.create(customer, {"type": "eu_vat", "value": "DE123456789"})
    made = api.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": tiered.id, "quantity": 6}],
            "discounts": [{"coupon": coupon.id}],
            "trial_period_days": 2,
        }
    )
    schedule = api.subscription_schedules.create({"from_subscription": made.id})
    api.subscription_schedules.release(schedule.id)
    world.pass_until(int(made.trial_end or 0) + 3601)
    good = world.subscription(2900)
    invoice = api.invoices.retrieve(str(good.latest_invoice))
    api.credit_notes.create({"invoice": invoice.id, "amount": 900, "refund_amount": 900})
    api.setup_intents.create(
        {"customer": customer, "confirm": True, "payment_method": "pm_card_visa"}
    )
    wanted = {
        "charge.dispute.created",
        "charge.refunded",
        "credit_note.created",
        "customer.discount.created",
        "customer.subscription.trial_will_end",
        "customer.tax_id.created",
        "setup_intent.succeeded",
        "subscription_schedule.released",
    }
    eventually(lambda: wanted <= set(world.app.types))
    deliver(world)
    assert models.Dispute.objects.get().status == "needs_response"
    assert models.SubscriptionSchedule.objects.get(id=schedule.id).status == "released"
    assert models.Subscription.objects.get(id=made.id).status == "active"
    assert not models.WebhookEventTrigger.objects.exclude(exception="").exists()
