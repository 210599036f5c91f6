"""Checkout in payment mode: paid once, without an invoice; what recurs is refused."""

from typing import Any

import pytest
import stripe

from .conftest import World, web

ADDRESSES = {
    "success_url": "http://acme.plg.localhost:8000/thanks/?session_id={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://acme.plg.localhost:8000/shop/",
}
SHIRT = {"currency": "eur", "unit_amount": 15_00, "product_data": {"name": "A shirt"}}


def opened(world: World, *items: dict[str, Any], **extra: Any) -> stripe.checkout.Session:
    params: dict[str, Any] = {"mode": "payment", "line_items": list(items)}
    return world.client.v1.checkout.sessions.create(params | ADDRESSES | extra)  # type: ignore[arg-type]


def test_a_guest_pays_for_what_has_no_price_of_its_own(world: World) -> None:
    session = opened(world, {"price_data": SHIRT, "quantity": 2}, customer_email="ada@example.com")
    assert (session.amount_total, session.currency, session.payment_status) == (
        30_00, "eur", "unpaid",
    )  # fmt: skip
    assert (session.customer_creation, session.payment_intent) == ("if_required", None)
    assert session.url
    page = web.get(session.url).text
    for words in ("Pay for A shirt", "€30.00", "Quantity 2", "You are charged once"):
        assert words in page, words
    assert world.pay(session).headers["location"].endswith(f"?session_id={session.id}")
    done = world.client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge", "line_items"]}
    )
    assert (done.status, done.payment_status, done.customer) == ("complete", "paid", None)
    assert done.customer_details
    assert done.customer_details.email == "ada@example.com"
    intent = done.payment_intent
    assert isinstance(intent, stripe.PaymentIntent)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 30_00, "eur")
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.latest_charge.paid
    assert done.line_items
    assert [(one.description, one.amount_total) for one in done.line_items.data] == [
        ("A shirt", 30_00)
    ]
    assert world.client.v1.invoices.list().data == []
    assert world.client.v1.prices.list({"active": True}).data == []
    assert world.app is not None
    types = [one.type for one in reversed(world.client.v1.events.list({"limit": 100}).data)]
    assert types[-4:] == [
        "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
        "checkout.session.completed",
    ]  # fmt: skip
    assert world.pay(session).status_code == 303, "a second click pays nothing"
    assert len(world.client.v1.charges.list().data) == 1
    refund = world.client.v1.refunds.create({"payment_intent": intent.id, "amount": 10_00})
    assert (refund.status, refund.amount) == ("succeeded", 10_00)


def test_a_customer_pays_a_price_and_keeps_the_card_where_asked(world: World) -> None:
    customer = world.customer(card=None)
    price = world.client.v1.prices.create(
        {"currency": "usd", "unit_amount": 5_00, "product_data": {"name": "A mug"}}
    )
    data = {"setup_future_usage": "off_session", "metadata": {"order": "7"}}
    session = opened(
        world, {"price": price.id, "quantity": 1}, customer=customer.id, payment_intent_data=data
    )
    world.pay(session)
    done = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(done.payment_intent, stripe.PaymentIntent)
    assert done.payment_intent.customer == customer.id
    assert (done.payment_intent.metadata or {})["order"] == "7"
    assert len(world.client.v1.payment_methods.list({"customer": customer.id}).data) == 1


def test_a_card_that_is_declined_pays_nothing(world: World) -> None:
    session = opened(world, {"price_data": SHIRT, "quantity": 1}, customer_email="a@b.example")
    answer = world.pay(session, card_number="4000 0000 0000 0002")
    assert (answer.status_code, "declined" in answer.text) == (402, True)
    assert world.client.v1.charges.list().data == []
    asked = world.pay(session, card_number="4000 0027 6000 3184")
    assert asked.status_code == 200, "its bank asks"
    paid = world.pay(session, card_number="4000 0027 6000 3184", authentication="complete")
    assert paid.status_code == 303


@pytest.mark.parametrize(
    ("items", "extra", "param"),
    [
        ([], {}, "line_items"),
        ([{"price_data": SHIRT, "quantity": 0}], {}, "line_items[0][quantity]"),
        (
            [{"price_data": {**SHIRT, "recurring": {"interval": "month"}}}], {},
            "line_items[0][price_data][recurring]",
        ),
        ([{"price_data": {"currency": "eur", "unit_amount": 1}}], {}, "line_items[0][price_data][product]"),
        ([{"price_data": SHIRT}, {"price_data": {**SHIRT, "currency": "usd"}}], {}, "line_items"),
        ([{"price_data": SHIRT}], {"subscription_data": {"description": "x"}}, "subscription_data"),
        ([{"price_data": SHIRT}], {"setup_intent_data": {"description": "x"}}, "setup_intent_data"),
    ],
)  # fmt: skip
def test_what_cannot_be_paid_for_once_is_refused(
    world: World, items: list[dict[str, Any]], extra: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        opened(world, *items, **extra)
    assert refused.value.param == param


def test_a_price_that_recurs_is_refused_and_what_is_not_simulated_said(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="recurring price"):
        opened(world, {"price": world.price().id, "quantity": 1})
    with pytest.raises(stripe.APIError, match="does not simulate"):
        opened(world, {"price_data": SHIRT, "quantity": 1}, allow_promotion_codes=True)
