"""The customer portal, as a customer goes through it; and the pages of a card's bank."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import stripe

from .conftest import GOOD_CARD, World, web

ASKS_ALWAYS = {"card_number": "4000 0027 6000 3184"}
BACK = "http://acme.plg.localhost:8000/billing/"


def open_portal(world: World, customer: str, *prices: stripe.Price, **extra: Any) -> str:
    """A portal that allows everything, with these prices on offer; returns its address."""
    products = [{"product": str(price.product), "prices": [price.id]} for price in prices]
    features = {
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True},
        "subscription_cancel": {
            "enabled": True,
            "cancellation_reason": {"enabled": True, "options": ["unused", "other"]},
        },
        "subscription_update": {
            "enabled": True,
            "default_allowed_updates": ["price", "quantity"],
            "products": products,
            "proration_behavior": "always_invoice",
            "schedule_at_period_end": {"conditions": [{"type": "decreasing_item_amount"}]},
        },
    }
    portal = world.client.v1.billing_portal
    configuration = portal.configurations.create({"features": features})  # type: ignore[arg-type,typeddict-item]
    made = portal.sessions.create(
        {
            "customer": customer,
            "configuration": configuration.id,
            "return_url": BACK,
            **extra,
        }  # type: ignore[arg-type]
    )
    return made.url


def follow(answer: httpx.Response, world: World) -> httpx.Response:
    assert answer.status_code == 303, answer.text
    return web.get(httpx.URL(world.url).join(answer.headers["location"]))


def test_the_portal_shows_what_runs_and_what_was_paid(world: World) -> None:
    made = world.subscription(2900)
    home = web.get(open_portal(world, str(made.customer))).text
    for text in ("Plan at 2900", "$29.00 / month", "active", "4242", BACK, "Cancel"):
        assert text in home


def test_the_portal_shows_the_card_that_checkout_left_with_the_subscription(world: World) -> None:
    session = world.checkout()
    world.pay(session, email="ada@example.com")
    customer = str(world.client.v1.checkout.sessions.retrieve(session.id).customer)
    home = web.get(open_portal(world, customer)).text
    assert "Visa that ends with 4242" in home
    assert "No card is saved" not in home


def test_an_upgrade_is_shown_and_costs_what_was_shown(world: World) -> None:
    made, dear = world.subscription(2900), world.price(9900)
    url = open_portal(world, str(made.customer), dear)
    one = f"{url}/subscriptions/{made.id}"
    assert "Plan at 9900" in web.get(f"{one}/plan").text
    confirm = web.get(f"{one}/change", params={"price": dear.id, "quantity": "1"})
    assert "Due now" in confirm.text
    home = follow(web.post(f"{one}/change", data={"price": dear.id, "quantity": "1"}), world)
    assert "$99.00 / month" in home.text
    latest = world.client.v1.invoices.list({"customer": str(made.customer)}).data[0]
    assert (latest.billing_reason, latest.status) == ("subscription_update", "paid")


def test_a_downgrade_waits_for_the_end_of_the_period(world: World) -> None:
    made, cheap = world.subscription(2900), world.price(900)
    url = open_portal(world, str(made.customer), cheap)
    one = f"{url}/subscriptions/{made.id}"
    assert "Nothing is charged today" in web.get(f"{one}/change", params={"price": cheap.id}).text
    home = follow(web.post(f"{one}/change", data={"price": cheap.id}), world)
    assert "A change is scheduled." in home.text
    world.pass_until(made["items"].data[0].current_period_end + 3601)
    assert "$9.00 / month" in web.get(f"{url}?all").text


def test_it_is_cancelled_with_a_reason_and_kept_after_all(world: World) -> None:
    made = world.subscription(2900)
    url = open_portal(world, str(made.customer))
    one = f"{url}/subscriptions/{made.id}"
    assert "Why are you leaving?" in web.get(f"{one}/cancellation").text
    home = follow(web.post(f"{one}/cancellation", data={"feedback": "unused"}), world)
    assert "Don't cancel" in home.text or "Don&#39;t cancel" in home.text
    ending = world.client.v1.subscriptions.retrieve(made.id)
    assert ending.cancel_at_period_end
    assert ending.cancellation_details
    assert ending.cancellation_details.feedback == "unused"
    web.post(f"{one}/renewal")
    assert not world.client.v1.subscriptions.retrieve(made.id).cancel_at_period_end


def test_a_card_is_changed_and_its_bank_asks(world: World) -> None:
    made = world.subscription(2900)
    url = open_portal(world, str(made.customer), flow_data={"type": "payment_method_update"})
    assert "Save the card" in web.get(url, follow_redirects=True).text
    declined = web.post(
        f"{url}/payment-method", data=GOOD_CARD | {"card_number": "4000000000000002"}
    )
    assert (declined.status_code, "declined" in declined.text) == (402, True)
    fields = GOOD_CARD | ASKS_ALWAYS
    assert "Complete authentication" in web.post(f"{url}/payment-method", data=fields).text
    home = follow(
        web.post(f"{url}/payment-method", data=fields | {"authentication": "complete"}), world
    )
    assert "3184" in home.text


def test_a_flow_ends_where_the_session_says(world: World) -> None:
    made = world.subscription(2900)
    flow = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": made.id},
        "after_completion": {"type": "redirect", "redirect": {"return_url": f"{BACK}?gone"}},
    }
    url = open_portal(world, str(made.customer), flow_data=flow)
    assert web.get(url).headers["location"].endswith(f"/subscriptions/{made.id}/cancellation")
    answer = web.post(f"{url}/subscriptions/{made.id}/cancellation")
    assert answer.headers["location"] == f"{BACK}?gone"


def test_another_customers_subscription_is_not_there(world: World) -> None:
    mine, foreign = world.subscription(2900), world.subscription(900)
    url = open_portal(world, str(mine.customer))
    for page in ("plan", "cancellation", "change"):
        assert web.get(f"{url}/subscriptions/{foreign.id}/{page}").status_code == 404
    assert web.post(f"{url}/subscriptions/{foreign.id}/cancellation").status_code == 404
    details = {"subscription": foreign.id}
    flow = {"type": "subscription_cancel", "subscription_cancel": details}
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        open_portal(world, str(mine.customer), flow_data=flow)


def test_a_plan_that_is_not_offered_is_refused(world: World) -> None:
    made, other = world.subscription(2900), world.price(100)
    url = open_portal(world, str(made.customer))
    answer = web.post(f"{url}/subscriptions/{made.id}/change", data={"price": other.id})
    assert (answer.status_code, "not offered here" in answer.text) == (400, True)


def test_a_renewal_that_asks_is_confirmed_on_the_invoice(world: World) -> None:
    made = world.subscription(2900)
    customer = str(made.customer)
    asks = world.client.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": customer}
    )
    world.client.v1.subscriptions.update(made.id, {"default_payment_method": asks.id})
    world.pass_until(made["items"].data[0].current_period_end + 3601)
    unpaid = world.client.v1.invoices.list({"customer": customer, "status": "open"}).data[0]
    assert unpaid.hosted_invoice_url
    shown = web.get(unpaid.hosted_invoice_url).text
    assert "Confirm the payment with your bank" in shown
    payments = world.client.v1.invoice_payments.list({"invoice": unpaid.id}).data
    bank = f"{world.url}/authenticate/{payments[0].payment.payment_intent}"
    assert "$29.00" in web.get(bank).text
    web.post(bank, data={"authentication": "complete"})
    assert world.client.v1.invoices.retrieve(unpaid.id).status == "paid"
    assert world.client.v1.subscriptions.retrieve(made.id).status == "active"
    assert web.get(bank).status_code == 410


def test_an_open_invoice_is_paid_with_another_card(world: World) -> None:
    customer = world.customer(card="pm_card_chargeCustomerFail").id
    params: Any = {"customer": customer, "items": [{"price": world.price().id}]}
    made = world.client.v1.subscriptions.create(params)
    unpaid = world.client.v1.invoices.retrieve(str(made.latest_invoice))
    assert unpaid.hosted_invoice_url
    declined = web.post(
        unpaid.hosted_invoice_url, data=GOOD_CARD | {"card_number": "4000000000000341"}
    )
    assert declined.status_code == 402
    assert web.post(unpaid.hosted_invoice_url, data=GOOD_CARD).status_code == 303
    assert world.client.v1.subscriptions.retrieve(made.id).status == "active"


def test_a_card_is_set_up_by_the_api_and_its_bank_asks(world: World) -> None:
    customer = world.customer(card=None).id
    intents = world.client.v1.setup_intents
    plain = intents.create(
        {"customer": customer, "confirm": True, "payment_method": "pm_card_visa"}
    )
    assert plain.status == "succeeded"
    asked = intents.create(
        {
            "customer": customer,
            "confirm": True,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "return_url": BACK,
        }
    )
    assert asked.status == "requires_action"
    assert asked.next_action
    assert asked.next_action.redirect_to_url
    assert asked.next_action.redirect_to_url.url
    answer = web.post(asked.next_action.redirect_to_url.url, data={"authentication": "complete"})
    assert answer.headers["location"] == BACK
    assert intents.retrieve(asked.id).status == "succeeded"
    assert len(world.client.v1.customers.payment_methods.list(customer).data) == 2
