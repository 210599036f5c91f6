"""Hosted Checkout, as a person (or a client that posts the same form) goes through it."""

import pytest
import stripe

from .conftest import World, web


def test_the_page_shows_what_is_bought_and_that_no_money_moves(world: World) -> None:
    session = world.checkout(customer_email="ada@example.com")
    assert session.url
    page = web.get(session.url)
    assert page.status_code == 200
    for text in ("Plan at 2900", "$29.00", "ada@example.com", "Simulated Stripe", "no money moves"):
        assert text in page.text
    assert 'href="http://acme.plg.localhost:8000/billing/"' in page.text


def test_the_page_says_what_is_paid_after_a_trial(world: World) -> None:
    session = world.checkout(subscription_data={"trial_period_days": 14})
    assert session.url
    page = web.get(session.url).text
    for words in ("14 days free", "Then $29.00 every month", "Total due today</dt><dd>$0.00"):
        assert words in page


def test_paying_makes_a_paid_subscription_and_goes_back_to_the_app(world: World) -> None:
    customer = world.customer(card=None)
    session = world.checkout(
        customer=customer.id,
        client_reference_id="workspace-1",
        metadata={"workspace": "acme"},
        subscription_data={"metadata": {"workspace": "acme"}},
    )
    answer = world.pay(session)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith(f"/billing/?paid={session.id}")

    paid = world.client.v1.checkout.sessions.retrieve(session.id, {"expand": ["subscription"]})
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    assert paid.customer == customer.id
    assert paid.client_reference_id == "workspace-1"
    subscription = paid.subscription
    assert isinstance(subscription, stripe.Subscription)
    assert subscription.status == "active"
    assert subscription.metadata.to_dict() == {"workspace": "acme"}
    item = subscription["items"].data[0]
    assert item.current_period_end - item.current_period_start >= 28 * 24 * 3600
    assert subscription.billing_mode.type == "flexible"


def test_the_invoice_of_a_checkout_is_paid_and_leads_to_its_charge(world: World) -> None:
    session = world.checkout()
    world.pay(session, email="grace@example.com")
    paid = world.client.v1.checkout.sessions.retrieve(session.id)
    invoice = world.client.v1.invoices.retrieve(str(paid.invoice), {"expand": ["payments"]})
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", 2900, 2900)
    assert invoice.customer_email == "grace@example.com"
    assert invoice.parent
    assert invoice.parent.subscription_details
    assert invoice.parent.subscription_details.subscription == paid.subscription
    assert invoice.payments
    intent = str(invoice.payments.data[0].payment.payment_intent)
    found = world.client.v1.payment_intents.retrieve(
        intent, {"expand": ["latest_charge.balance_transaction"]}
    )
    assert found.status == "succeeded"
    charge = found.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.paid
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert charge.balance_transaction.net == 2900 - 114
    assert invoice.hosted_invoice_url
    page = web.get(invoice.hosted_invoice_url)
    assert str(invoice.number) in page.text


def test_events_come_in_the_order_of_real_logs(world: World) -> None:
    customer = world.customer(card=None).id
    world.pay(world.checkout(customer=customer))
    assert world.types_for(customer) == [
        "customer.created",
        "payment_method.attached",
        "customer.updated",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
        "customer.subscription.created",
    ]


def test_a_declined_card_is_told_and_nothing_is_kept(world: World) -> None:
    customer = world.customer(card=None).id
    session = world.checkout(customer=customer)
    answer = world.pay(session, card_number="4000 0000 0000 0002")
    assert answer.status_code == 402
    assert "Your card was declined." in answer.text
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert world.types_for(customer) == ["customer.created"]
    assert world.pay(session).status_code == 303


def test_a_card_that_fails_only_when_charged_leaves_no_half_made_subscription(world: World) -> None:
    customer = world.customer(card=None).id
    session = world.checkout(customer=customer)
    assert world.pay(session, card_number="4000000000000341").status_code == 402
    assert world.client.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"card_expiry": "13 / 34"}, "expiration date is incomplete"),
        ({"card_cvc": "1"}, "security code is incomplete"),
        ({"card_number": "4111 1111 1111 1111"}, "non test card"),
        ({"email": "nobody"}, "email is incomplete"),
    ],
)
def test_a_wrong_field_is_told_in_words(world: World, fields: dict[str, str], words: str) -> None:
    answer = world.pay(world.checkout(), **{"email": "ada@example.com", **fields})
    assert answer.status_code == 402
    assert words in answer.text


def test_a_second_click_pays_once_and_goes_back_again(world: World) -> None:
    customer = world.customer(card=None).id
    session = world.checkout(customer=customer)
    first, second = world.pay(session), world.pay(session)
    assert first.headers["location"] == second.headers["location"]
    assert len(world.client.v1.subscriptions.list({"customer": customer}).data) == 1
    assert session.url
    assert "You&#39;re all done here" in web.get(session.url).text or (
        "You're all done here" in web.get(session.url).text
    )


def test_an_expired_session_is_told_and_takes_no_card(world: World) -> None:
    session = world.checkout()
    world.client.v1.checkout.sessions.expire(session.id)
    answer = world.pay(session)
    assert answer.status_code == 410
    assert "timed out" in answer.text


def test_a_session_expires_by_itself_after_a_day(world: World) -> None:
    session = world.checkout()
    world.pass_time(24 * 3600 + 1)
    assert world.client.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_an_unknown_session_is_told(world: World) -> None:
    answer = web.get(f"{world.url}/checkout/cs_test_none")
    assert answer.status_code == 404
    assert "No such checkout" in answer.text


def test_a_checkout_that_is_not_simulated_is_said_aloud(world: World) -> None:
    for params in (
        {"phone_number_collection": {"enabled": True}},
        {"ui_mode": "elements"},
    ):
        with pytest.raises(stripe.APIError) as refused:
            world.checkout(**params)
        assert refused.value.http_status == 501


def test_a_checkout_without_a_way_back_is_refused(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.checkout(success_url="")
    assert refused.value.param == "success_url"


def test_the_page_shows_the_apps_own_words_above_the_button(world: World) -> None:
    session = world.checkout(custom_text={"submit": {"message": "Then $1.00 per 10,000 <clicks>."}})
    assert session.custom_text.submit
    assert session.custom_text.submit.message == "Then $1.00 per 10,000 <clicks>."
    assert session.url
    assert "Then $1.00 per 10,000 &lt;clicks&gt;." in web.get(session.url).text
