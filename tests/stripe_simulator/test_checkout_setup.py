"""Checkout in setup mode: a card is kept with the customer, nothing is charged, and what sells is refused."""

from typing import Any

import pytest
import stripe

from .conftest import World, web

ADDRESSES = {
    "success_url": "http://acme.plg.localhost:8000/billing/return/?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://acme.plg.localhost:8000/billing/",
}


def opened(world: World, of: str, **extra: Any) -> stripe.checkout.Session:
    params: dict[str, Any] = {"mode": "setup", "currency": "usd", "customer": of}
    return world.client.v1.checkout.sessions.create(params | ADDRESSES | extra)  # type: ignore[arg-type]


def test_a_card_is_kept_and_becomes_the_default_of_nothing(world: World) -> None:
    customer = world.customer(card=None)
    subscription = world.client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": world.price().id}], "trial_period_days": 14}
    )
    session = opened(
        world, customer.id, setup_intent_data={"metadata": {"subscription_id": subscription.id}}
    )
    assert (session.mode, session.status, session.payment_status) == (
        "setup", "open", "no_payment_required",
    )  # fmt: skip
    assert (session.amount_total, session.subscription, session.currency) == (None, None, "usd")
    assert session.url
    assert "Nothing is charged now" in web.get(session.url).text
    assert world.pay(session).headers["location"].endswith(f"session_id={session.id}")

    done = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
    assert (done.status, done.payment_status) == ("complete", "no_payment_required")
    intent = done.setup_intent
    assert isinstance(intent, stripe.SetupIntent)
    assert intent.status == "succeeded"
    assert (intent.metadata or {})["subscription_id"] == subscription.id
    card = world.client.v1.payment_methods.retrieve(str(intent.payment_method))
    assert card.customer == customer.id
    after = world.client.v1.customers.retrieve(customer.id)
    assert after.invoice_settings
    assert after.invoice_settings.default_payment_method is None
    assert world.client.v1.subscriptions.retrieve(subscription.id).default_payment_method is None
    types = world.types_for(customer.id)
    assert types[-3:] == [
        "payment_method.attached", "setup_intent.succeeded", "checkout.session.completed",
    ]  # fmt: skip
    assert web.get(session.url).text.count("The card was saved. Nothing was charged.") == 1


@pytest.mark.parametrize(
    ("card", "words"),
    [("4000 0000 0000 0002", "declined"), ("4000 0000 0000 0069", "expired")],
)
def test_a_card_that_is_refused_is_not_kept(world: World, card: str, words: str) -> None:
    customer = world.customer(card=None)
    session = opened(world, customer.id)
    answer = world.pay(session, card_number=card)
    assert (answer.status_code, words in answer.text) == (402, True)
    assert world.client.v1.payment_methods.list({"customer": customer.id}).data == []
    assert world.pay(session).status_code == 303  # another card is


def test_a_bank_that_asks_is_asked_before_the_card_is_kept(world: World) -> None:
    customer = world.customer(card=None)
    session = opened(world, customer.id)
    asked = world.pay(session, card_number="4000 0025 0000 3155")
    assert asked.status_code == 200
    assert world.client.v1.payment_methods.list({"customer": customer.id}).data == []
    done = world.pay(session, card_number="4000 0025 0000 3155", authentication="complete")
    assert done.status_code == 303


def test_one_that_expires_cancels_its_setup_intent(world: World) -> None:
    customer = world.customer(card=None)
    by_hand, by_time = opened(world, customer.id), opened(world, customer.id)
    world.client.v1.checkout.sessions.expire(by_hand.id)
    world.pass_time(25 * 3600)
    for session in (by_hand, by_time):
        now = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent"]})
        assert isinstance(now.setup_intent, stripe.SetupIntent)
        assert (now.status, now.setup_intent.status) == ("expired", "canceled")
        assert world.pay(session).status_code == 410


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"line_items": [{"price": "price_x", "quantity": 1}]}, "line_items"),
        ({"subscription_data": {"description": "x"}}, "subscription_data"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"currency": ""}, "currency"),
        ({"customer": "cus_unknown"}, "customer"),
    ],
)
def test_what_belongs_to_a_sale_is_refused(world: World, extra: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        opened(world, world.customer(card=None).id, **extra)
    assert refused.value.param == param


def test_a_setup_intents_data_belongs_to_setup_mode(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.checkout(setup_intent_data={"description": "x"})
    assert refused.value.param == "setup_intent_data"
