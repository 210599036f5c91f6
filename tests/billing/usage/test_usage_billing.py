"""What is used above the plan is billed from statements: all of it, once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import stripe as sdk

from billing import upkeep
from billing.models import UsageCharge, UsageInvoice
from billing.usage import usage_charges
from metering import UsagePrice
from metering.signals import period_closed
from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox
from tests.billing.stated import adjustment, lines, statement, usage_invoices, waiting

Settle = Callable[[], None]


@pytest.fixture
def customer(shop: Shop) -> Shop:
    """A workspace that has bought Pro."""
    shop.buy("pro")
    return shop


def closed(*statements: object) -> None:
    period_closed.send(sender=None, tenant=None, statements=list(statements))


def test_usage_above_the_plan_is_one_line_on_one_invoice(
    customer: Shop, stripe: sdk.StripeClient
) -> None:
    closed(statement(customer.tenant, 123_456))
    [invoice] = usage_invoices(stripe, customer.customer)
    words = "Clicks, 1 Mar to 31 Mar 2026: 23,456 above 100,000, $1.00 per 10,000 clicks"
    assert lines(invoice) == [(words, 235)]
    assert invoice.status in ("open", "paid")
    charge = UsageCharge.objects.get(tenant=customer.tenant)
    assert (charge.quantity, charge.amount) == (23_456, 235)
    assert charge.invoice is not None
    assert charge.invoice.stripe_id == invoice.id


def test_the_card_of_the_subscription_pays_it(
    customer: Shop, mailbox: Mailbox, stripe: sdk.StripeClient
) -> None:
    closed(statement(customer.tenant, 200_000))
    paid = mailbox.wait_for("invoice.paid", customer=customer.customer, number=2)
    assert paid.event["data"]["object"]["amount_paid"] == 10_00


def test_the_card_of_an_ended_subscription_pays_what_is_left(
    customer: Shop, mailbox: Mailbox, stripe: sdk.StripeClient
) -> None:
    stripe.v1.subscriptions.cancel(customer.account.subscription_id or "")
    closed(statement(customer.tenant, 200_000))
    paid = mailbox.wait_for("invoice.paid", customer=customer.customer, number=2)
    assert paid.event["data"]["object"]["amount_paid"] == 10_00


def test_usage_within_the_plan_costs_nothing(customer: Shop, stripe: sdk.StripeClient) -> None:
    closed(
        statement(customer.tenant, 100_000),
        statement(customer.tenant, 5_000_000, price=None, month=1),
        statement(customer.tenant, 5_000_000, included=None, month=2),
    )
    assert not UsageCharge.objects.filter(tenant=customer.tenant).exists()
    assert usage_invoices(stripe, customer.customer) == []


def test_what_rounds_to_nothing_is_settled_without_an_invoice(customer: Shop) -> None:
    closed(statement(customer.tenant, 100_049))
    assert UsageCharge.objects.get(tenant=customer.tenant).amount == 0
    assert not UsageInvoice.objects.filter(tenant=customer.tenant).exists()
    assert customer.tenant.pk not in upkeep._with_something_to_bill()


def test_hearing_twice_bills_once(customer: Shop, stripe: sdk.StripeClient, settle: Settle) -> None:
    stated = statement(customer.tenant, 200_000)
    closed(stated)
    closed(stated, stated)
    upkeep.bill_usage()
    assert len(usage_invoices(stripe, customer.customer)) == 1
    settle()
    assert customer.recorded("Usage Billed") == [
        {
            "statement": stated.hash,
            "meter": "clicks",
            "quantity": "100000",
            "amount": 10_00,
            "currency": "usd",
        }
    ]


def test_the_check_bills_what_no_signal_told_of(customer: Shop, stripe: sdk.StripeClient) -> None:
    statement(customer.tenant, 200_000)
    assert upkeep.bill_usage() == 1
    assert upkeep.bill_usage() == 0
    assert len(usage_invoices(stripe, customer.customer)) == 1


def test_several_meters_share_an_invoice(customer: Shop, stripe: sdk.StripeClient) -> None:
    closed(
        statement(customer.tenant, 200_000),
        statement(customer.tenant, 7, meter="api_calls", included=5, price=UsagePrice(25)),
    )
    [invoice] = usage_invoices(stripe, customer.customer)
    assert sorted(amount for _, amount in lines(invoice)) == [50, 10_00]


def test_what_is_counted_late_is_billed_with_the_next_period_at_the_price_of_its_own(
    customer: Shop, stripe: sdk.StripeClient
) -> None:
    march = statement(customer.tenant, 90_000)
    closed(march)
    april = statement(customer.tenant, 300_000, price=UsagePrice(99_00), included=300_000, month=1)
    adjustment(march, 30_000, in_statement=april)
    closed(april)
    [invoice] = usage_invoices(stripe, customer.customer)
    words = (
        "Clicks, 1 Mar to 31 Mar 2026, counted late: 20,000 above 100,000, $1.00 per 10,000 clicks"
    )
    assert lines(invoice) == [(words, 2_00)]


def test_what_is_taken_back_becomes_a_credit(customer: Shop, stripe: sdk.StripeClient) -> None:
    march = statement(customer.tenant, 200_000)
    closed(march)
    april = statement(customer.tenant, 0, month=1)
    adjustment(march, -30_000, in_statement=april)
    closed(april)
    credit = usage_invoices(stripe, customer.customer)[1]
    assert (credit.total, credit.status) == (-3_00, "paid")
    assert stripe.v1.customers.retrieve(customer.customer).balance == -3_00


def test_a_line_that_takes_back_lowers_the_same_invoice(
    customer: Shop, stripe: sdk.StripeClient
) -> None:
    march = statement(customer.tenant, 200_000)
    closed(march)
    april = statement(customer.tenant, 200_000, month=1)
    adjustment(march, -30_000, in_statement=april)
    closed(april)
    second = usage_invoices(stripe, customer.customer)[1]
    assert sorted(amount for _, amount in lines(second)) == [-3_00, 10_00]
    assert second.total == 7_00


def test_without_a_customer_at_stripe_the_charge_waits_for_one(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    closed(statement(shop.tenant, 200_000))
    assert waiting(shop.tenant) == 1
    assert shop.tenant.pk not in upkeep._with_something_to_bill()
    shop.buy("pro")
    upkeep.bill_usage()
    assert [one.total for one in usage_invoices(stripe, shop.customer)] == [10_00]


def test_the_pages_show_what_was_charged_with_its_statement(
    customer: Shop, mailbox: Mailbox, deliver: Callable[..., object]
) -> None:
    closed(statement(customer.tenant, 123_456))
    assert "On its way" in customer.page()
    for delivery in [
        mailbox.wait_for("invoice.finalized", customer=customer.customer, number=2),
        mailbox.wait_for("invoice.paid", customer=customer.customer, number=2),
    ]:
        deliver(delivery)
    page = customer.page()
    for words in ("23,456", "123,456", "$2.35", "1 Mar to 31 Mar 2026", "Statement 1<", "Usage"):
        assert words in page, words
    assert "On its way" not in page


def test_a_webhook_about_it_twice_records_the_payment_once(
    customer: Shop, mailbox: Mailbox, deliver: Callable[..., object], settle: Settle
) -> None:
    closed(statement(customer.tenant, 200_000))
    paid = mailbox.wait_for("invoice.paid", customer=customer.customer, number=2)
    for _ in range(2):
        deliver(paid)
    settle()
    assert [one["amount"] for one in customer.recorded("Invoice Paid")] == [29_00, 10_00]


def test_charging_asks_nobody_but_the_database(customer: Shop, settings: object) -> None:
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    statement(customer.tenant, 200_000)
    began = time.monotonic()
    assert usage_charges.charge(customer.tenant) == 1
    assert usage_charges.charge(customer.tenant) == 0
    assert time.monotonic() - began < 2
