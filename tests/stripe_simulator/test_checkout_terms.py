"""Checkout with discounts, trials, other currencies, and cards whose bank asks to confirm."""

from __future__ import annotations

import pytest
import stripe

from .conftest import World, web

ASKS_ALWAYS = "4000 0027 6000 3184"
ASKS_ONCE = "4000 0025 0000 3155"


def bought(world: World, session: stripe.checkout.Session) -> stripe.Subscription:
    found = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert isinstance(found.subscription, stripe.Subscription)
    return found.subscription


def total(world: World, subscription: stripe.Subscription) -> int:
    return world.client.v1.invoices.retrieve(str(subscription.latest_invoice)).total


def test_a_coupon_is_taken_off_what_is_due(world: World) -> None:
    coupon = world.client.v1.coupons.create({"percent_off": 50, "duration": "once"})
    session = world.checkout(discounts=[{"coupon": coupon.id}])
    assert (session.amount_subtotal, session.amount_total) == (2900, 1450)
    assert session.total_details
    assert session.total_details.amount_discount == 1450
    assert session.url
    assert "-$14.50" in web.get(session.url).text
    assert world.client.v1.coupons.retrieve(coupon.id).times_redeemed == 0
    world.pay(session, email="ada@example.com")
    assert total(world, bought(world, session)) == 1450
    assert world.client.v1.coupons.retrieve(coupon.id).times_redeemed == 1


def test_a_promotion_code_is_typed_on_the_page(world: World) -> None:
    api = world.client.v1
    coupon = api.coupons.create({"amount_off": 900, "currency": "usd", "duration": "once"})
    api.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"}
    )
    session = world.checkout(allow_promotion_codes=True)
    assert session.url
    wrong = web.post(f"{session.url}/code", data={"promotion_code": "WINTER"})
    assert (wrong.status_code, "This code is invalid." in wrong.text) == (402, True)
    assert web.post(f"{session.url}/code", data={"promotion_code": "spring"}).status_code == 303
    assert "-$9.00" in web.get(session.url).text
    world.pay(session, email="ada@example.com")
    assert total(world, bought(world, session)) == 2000


def test_a_trial_without_a_card_is_started_with_an_address_only(world: World) -> None:
    session = world.checkout(
        payment_method_collection="if_required",
        subscription_data={
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        },
    )
    assert session.url
    page = web.get(session.url).text
    assert "14 days free" in page
    assert 'name="card_number"' not in page
    assert web.post(session.url, data={"email": "ada@example.com"}).status_code == 303
    begun = bought(world, session)
    assert (begun.status, begun.default_payment_method) == ("trialing", None)
    paid = world.client.v1.checkout.sessions.retrieve(session.id)
    assert paid.payment_status == "no_payment_required"


def test_a_price_is_paid_in_another_of_its_currencies(world: World) -> None:
    price = world.price(2900, currency_options={"eur": {"unit_amount": 2700}})
    session = world.checkout(line_items=[{"price": price.id, "quantity": 2}], currency="eur")
    assert (session.currency, session.amount_total) == ("eur", 5400)
    world.pay(session, email="ada@example.com")
    subscription = bought(world, session)
    assert (subscription.currency, total(world, subscription)) == ("eur", 5400)
    customer = world.client.v1.customers.retrieve(str(subscription.customer))
    assert customer.currency == "eur"


@pytest.mark.parametrize("card", [ASKS_ALWAYS, ASKS_ONCE])
def test_a_card_that_asks_is_confirmed_on_a_page_of_its_bank(world: World, card: str) -> None:
    session = world.checkout()
    fields = {"card_number": card, "email": "ada@example.com"}
    asked = world.pay(session, **fields)
    assert (asked.status_code, "Complete authentication" in asked.text) == (200, True)
    failed = world.pay(session, **fields, authentication="fail")
    assert (failed.status_code, "unable to authenticate" in failed.text) == (402, True)
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert world.pay(session, **fields, authentication="complete").status_code == 303
    assert bought(world, session).status == "active"


@pytest.mark.parametrize(("card", "status"), [(ASKS_ALWAYS, "past_due"), (ASKS_ONCE, "active")])
def test_only_a_card_that_always_asks_does_so_on_renewal(
    world: World, card: str, status: str
) -> None:
    session = world.checkout()
    world.pay(session, card_number=card, email="ada@example.com", authentication="complete")
    begun = bought(world, session)
    world.pass_until(begun["items"].data[0].current_period_end + 3601)
    assert world.client.v1.subscriptions.retrieve(begun.id).status == status


def test_tax_is_added_to_what_is_due(world: World) -> None:
    customer = world.customer(card=None, address={"country": "DE"})
    session = world.checkout(customer=customer.id, automatic_tax={"enabled": True})
    assert session.total_details
    assert (session.amount_total, session.total_details.amount_tax) == (3451, 551)
    world.pay(session)
    assert total(world, bought(world, session)) == 3451
