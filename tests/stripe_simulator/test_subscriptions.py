"""Subscriptions after the first payment: ending, changing, renewing, failing."""

import pytest
import stripe

from .conftest import DAY, World


def item_of(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    item: stripe.SubscriptionItem = subscription["items"].data[0]
    return item


def test_a_subscription_started_by_the_api_is_paid_at_once(world: World) -> None:
    made = world.subscription(expand=["latest_invoice"])
    assert made.status == "active"
    assert isinstance(made.latest_invoice, stripe.Invoice)
    assert made.latest_invoice.status == "paid"
    types = world.types_for(str(made.customer))
    assert types[-1] == "customer.subscription.created"


def test_cancel_at_period_end_says_when_and_can_be_taken_back(world: World) -> None:
    made = world.subscription()
    ending = world.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert ending.status == "active"
    assert ending.cancel_at_period_end
    assert ending.cancel_at == item_of(ending).current_period_end
    assert ending.cancellation_details
    assert ending.cancellation_details.reason == "cancellation_requested"
    kept = world.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": False})
    assert (kept.cancel_at, kept.canceled_at) == (None, None)


def test_a_scheduled_end_comes_when_the_period_ends(world: World) -> None:
    made = world.subscription()
    world.client.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    world.pass_time(20 * DAY)
    assert world.client.v1.subscriptions.retrieve(made.id).status == "active"
    world.pass_time(12 * DAY)
    ended = world.client.v1.subscriptions.retrieve(made.id)
    assert ended.status == "canceled"
    assert ended.ended_at
    assert world.types_for(str(made.customer))[-1] == "customer.subscription.deleted"


def test_cancel_now_ends_it_and_a_second_cancel_finds_nothing(world: World) -> None:
    made = world.subscription()
    ended = world.client.v1.subscriptions.cancel(
        made.id, {"cancellation_details": {"feedback": "too_expensive"}}
    )
    assert (ended.status, ended.ended_at) == ("canceled", ended.canceled_at)
    assert ended.cancellation_details
    assert ended.cancellation_details.feedback == "too_expensive"
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription"):
        world.client.v1.subscriptions.cancel(made.id)


def test_an_upgrade_invoiced_at_once_credits_the_old_and_charges_the_new(world: World) -> None:
    made = world.subscription(1000)
    period = item_of(made)
    half = (period.current_period_start + period.current_period_end) // 2
    changed = world.client.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": period.id, "price": world.price(2000).id}],
            "proration_behavior": "always_invoice",
            "proration_date": half,
            "expand": ["latest_invoice"],
        },
    )
    invoice = changed.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert [line.amount for line in invoice.lines.data] == [-500, 1000]
    assert (invoice.billing_reason, invoice.status) == ("subscription_update", "paid")
    assert item_of(changed).current_period_end == period.current_period_end
    types = world.types_for(str(made.customer))
    assert types[-3:] == ["customer.subscription.updated", *["invoiceitem.created"] * 2]
    assert types.index("invoice.paid", 10) < types.index("customer.subscription.updated")


def test_prorations_wait_for_the_renewal_unless_told_otherwise(world: World) -> None:
    made = world.subscription(1000)
    period = item_of(made)
    half = (period.current_period_start + period.current_period_end) // 2
    world.client.v1.subscriptions.update(
        made.id,
        {"items": [{"id": period.id, "price": world.price(2000).id}], "proration_date": half},
    )
    world.pass_until(period.current_period_end)
    drafted = world.client.v1.invoices.list({"subscription": made.id}).data[0]
    assert drafted.status == "draft"
    assert drafted.total == 2500
    world.pass_time(3601)
    assert world.client.v1.invoices.retrieve(drafted.id).status == "paid"


def test_a_change_without_proration_bills_nothing_now(world: World) -> None:
    made = world.subscription(1000)
    world.client.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": item_of(made).id, "price": world.price(2000).id}],
            "proration_behavior": "none",
        },
    )
    assert len(world.client.v1.invoices.list({"subscription": made.id}).data) == 1


def test_a_change_of_interval_starts_a_new_period_now(world: World) -> None:
    made = world.subscription(1000)
    yearly = world.price(10_000, recurring={"interval": "year"})
    changed = world.client.v1.subscriptions.update(
        made.id,
        {"items": [{"id": item_of(made).id, "price": yearly.id}], "expand": ["latest_invoice"]},
    )
    invoice = changed.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert [line.amount for line in invoice.lines.data] == [-1000, 10_000]
    assert item_of(changed).current_period_end > item_of(made).current_period_end + 300 * DAY


def test_a_renewal_begins_a_period_and_charges_an_hour_later(world: World) -> None:
    made = world.subscription()
    world.pass_until(item_of(made).current_period_end)
    renewed = world.client.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert item_of(renewed).current_period_start == item_of(made).current_period_end
    assert isinstance(renewed.latest_invoice, stripe.Invoice)
    assert renewed.latest_invoice.status == "draft"
    world.pass_time(3601)
    invoice = world.client.v1.invoices.retrieve(renewed.latest_invoice.id)
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_cycle")


def test_a_renewal_that_is_declined_makes_it_past_due_until_it_is_paid(world: World) -> None:
    made = world.subscription()
    customer = str(made.customer)
    bad = world.client.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer}
    )
    world.client.v1.subscriptions.update(made.id, {"default_payment_method": bad.id})
    world.pass_time(31 * DAY + 1)
    world.pass_time(3601)
    assert world.client.v1.subscriptions.retrieve(made.id).status == "past_due"
    assert world.types_for(customer)[-4:] == [
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ]
    unpaid = world.client.v1.invoices.list({"customer": customer, "status": "open"}).data[0]
    with pytest.raises(stripe.CardError):
        world.client.v1.invoices.pay(unpaid.id)
    good = world.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    world.client.v1.invoices.pay(unpaid.id, {"payment_method": good.id})
    assert world.client.v1.subscriptions.retrieve(made.id).status == "active"


def test_a_card_declined_at_the_start_leaves_it_incomplete(world: World) -> None:
    customer = world.customer(card="pm_card_chargeCustomerFail")
    params = {"customer": customer.id, "items": [{"price": world.price().id}]}
    made = world.client.v1.subscriptions.create(params)  # type: ignore[arg-type]
    assert made.status == "incomplete"
    with pytest.raises(stripe.CardError) as declined:
        world.client.v1.subscriptions.create({**params, "payment_behavior": "error_if_incomplete"})  # type: ignore[typeddict-item]
    assert declined.value.code == "card_declined"
    every = world.client.v1.subscriptions.list({"customer": customer.id, "status": "all"})
    assert [one.id for one in every.data] == [made.id]


def test_a_subscription_that_was_never_paid_expires(world: World) -> None:
    customer = world.customer(card="pm_card_chargeCustomerFail")
    params = {"customer": customer.id, "items": [{"price": world.price().id}]}
    made = world.client.v1.subscriptions.create(params)  # type: ignore[arg-type]
    world.pass_time(23 * 3600 + 1)
    expired = world.client.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert expired.status == "incomplete_expired"
    assert isinstance(expired.latest_invoice, stripe.Invoice)
    assert expired.latest_invoice.status == "void"


def test_a_customer_without_a_card_cannot_subscribe(world: World) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source"):
        world.client.v1.subscriptions.create(
            {"customer": world.customer(card=None).id, "items": [{"price": world.price().id}]}
        )


def test_a_card_that_is_always_declined_cannot_be_saved(world: World) -> None:
    with pytest.raises(stripe.CardError):
        world.customer(card="pm_card_chargeDeclined")
