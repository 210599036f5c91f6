"""Invoices that the app makes by itself, and items that wait for the next one."""

from typing import Any

import pytest
import stripe

from .conftest import DAY, World

KEY = {"idempotency_key": "one-and-only"}


def item(world: World, customer: str, amount: int, **extra: Any) -> stripe.InvoiceItem:
    params = {"customer": customer, "amount": amount, "currency": "usd", **extra}
    return world.client.v1.invoice_items.create(params)  # type: ignore[arg-type]


def draft(world: World, customer: str, **extra: Any) -> stripe.Invoice:
    params = {"customer": customer, "currency": "usd", **extra}
    return world.client.v1.invoices.create(params)  # type: ignore[arg-type]


def test_a_draft_grows_with_its_items_and_is_charged_once_finalized(world: World) -> None:
    customer = world.customer().id
    made = draft(world, customer, metadata={"usage": "7"})
    period = {"start": 1_780_000_000, "end": 1_782_000_000}
    added = item(
        world, customer, 700, invoice=made.id, description="Clicks", period=period,
        metadata={"statement": "abc"},
    )  # fmt: skip
    item(world, customer, -200, invoice=made.id, description="Correction")
    grown = world.client.v1.invoices.retrieve(made.id)
    assert (grown.status, grown.total, grown.billing_reason) == ("draft", 500, "manual")
    assert [line.description for line in grown.lines.data] == ["Clicks", "Correction"]
    assert grown.lines.data[0].period.start == period["start"]
    assert grown.lines.data[0].parent
    assert grown.lines.data[0].parent.invoice_item_details
    assert grown.lines.data[0].parent.invoice_item_details.invoice_item == added.id
    listed = world.client.v1.invoice_items.list({"invoice": made.id}).data
    assert [(one.metadata or {}).get("statement") for one in listed] == [None, "abc"]

    opened = world.client.v1.invoices.finalize_invoice(made.id, {"auto_advance": True})
    assert (opened.status, opened.amount_due) == ("open", 500)
    world.pass_time(1)
    paid = world.client.v1.invoices.retrieve(made.id)
    assert (paid.status, paid.amount_paid) == ("paid", 500)
    types = world.types_for(customer)
    first = ["invoice.created", "invoiceitem.created", "invoice.updated"]
    assert types[types.index("invoice.created") :][:3] == first
    assert types.index("invoice.finalized") < types.index("invoice.paid")


def test_an_item_that_waits_comes_with_the_renewal(world: World) -> None:
    made = world.subscription(1000)
    waiting = item(world, str(made.customer), 250, description="Set-up")
    assert waiting.invoice is None
    world.pass_time(31 * DAY + 1)
    renewal = world.client.v1.invoices.list({"subscription": made.id}).data[0]
    assert renewal.total == 1250
    assert world.client.v1.invoice_items.retrieve(waiting.id).invoice == renewal.id


def test_an_item_that_waits_comes_with_an_invoice_that_includes_it(world: World) -> None:
    customer = world.customer().id
    item(world, customer, 250)
    assert draft(world, customer).total == 0
    assert draft(world, customer, pending_invoice_items_behavior="include").total == 250
    assert draft(world, customer, pending_invoice_items_behavior="include").total == 0


def test_an_item_outlives_the_subscription(world: World) -> None:
    made = world.subscription(1000)
    item(world, str(made.customer), 250)
    world.client.v1.subscriptions.cancel(made.id)
    total = draft(world, str(made.customer), pending_invoice_items_behavior="include").total
    assert total == 250


def test_the_same_idempotency_key_makes_one_item(world: World) -> None:
    customer = world.customer().id
    params: Any = {"customer": customer, "amount": 500, "currency": "usd"}
    first = world.client.v1.invoice_items.create(params, KEY)
    assert world.client.v1.invoice_items.create(params, KEY).id == first.id
    with pytest.raises(stripe.IdempotencyError):
        world.client.v1.invoice_items.create(params | {"amount": 501}, KEY)
    assert len(world.client.v1.invoice_items.list({"customer": customer}).data) == 1


def test_a_credit_pays_the_next_invoice(world: World) -> None:
    customer = world.customer().id
    credit = draft(world, customer)
    item(world, customer, -300, invoice=credit.id)
    credited = world.client.v1.invoices.finalize_invoice(credit.id)
    assert (credited.status, credited.amount_due, credited.ending_balance) == ("paid", 0, -300)
    charge = draft(world, customer)
    item(world, customer, 1000, invoice=charge.id)
    assert world.client.v1.invoices.finalize_invoice(charge.id).amount_due == 700


def test_less_than_a_card_can_be_charged_waits_for_the_next_invoice(world: World) -> None:
    customer = world.customer().id
    small = draft(world, customer)
    item(world, customer, 20, invoice=small.id)
    carried = world.client.v1.invoices.finalize_invoice(small.id)
    assert (carried.status, carried.amount_due, carried.ending_balance) == ("paid", 0, 20)
    following = draft(world, customer)
    item(world, customer, 100, invoice=following.id)
    assert world.client.v1.invoices.finalize_invoice(following.id).amount_due == 120


def test_the_card_of_the_invoice_is_charged(world: World) -> None:
    customer = world.customer(card=None).id
    method = world.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    made = draft(world, customer)
    item(world, customer, 500, invoice=made.id)
    world.client.v1.invoices.update(made.id, {"default_payment_method": method.id})
    world.client.v1.invoices.finalize_invoice(made.id, {"auto_advance": True})
    world.pass_time(1)
    assert world.client.v1.invoices.retrieve(made.id).status == "paid"


def test_without_a_card_the_invoice_stays_open_until_it_is_paid(world: World) -> None:
    customer = world.customer(card=None).id
    made = draft(world, customer, auto_advance=True)
    item(world, customer, 500, invoice=made.id)
    world.pass_time(3601)
    left = world.client.v1.invoices.retrieve(made.id)
    assert (left.status, left.attempted) == ("open", True)
    method = world.client.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert world.client.v1.invoices.pay(made.id, {"payment_method": method.id}).status == "paid"


def test_what_is_finalized_cannot_be_changed_and_a_draft_can_be_thrown_away(world: World) -> None:
    customer = world.customer().id
    made = draft(world, customer)
    added = item(world, customer, 500, invoice=made.id)
    world.client.v1.invoice_items.delete(added.id)
    assert world.client.v1.invoices.retrieve(made.id).total == 0
    world.client.v1.invoices.delete(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="No such invoice"):
        world.client.v1.invoices.retrieve(made.id)
    final = draft(world, customer)
    item(world, customer, 500, invoice=final.id)
    world.client.v1.invoices.finalize_invoice(final.id)
    with pytest.raises(stripe.InvalidRequestError, match="no longer editable"):
        item(world, customer, 500, invoice=final.id)


def test_an_invoice_of_another_customer_takes_no_item(world: World) -> None:
    foreign = draft(world, world.customer().id)
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        item(world, world.customer().id, 500, invoice=foreign.id)
