"""Billing of usage broken off anywhere: taken up again, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stripe as sdk

from billing import exporting, upkeep
from billing.models import Account, UsageCharge, UsageInvoice
from billing.usage import usage_charges
from metering.signals import period_closed
from tests.billing import stated
from tests.billing.conftest import Shop, at_once
from tests.billing.webhooks.test_outage import unreachable  # noqa: F401  a fixture

OpenShop = Callable[[], Shop]


@pytest.fixture
def owing(shop: Shop) -> UsageInvoice:
    """An invoice that is written down, and that Stripe has not heard of."""
    shop.buy("pro")
    stated.statement(shop.tenant, 200_000)
    stated.statement(shop.tenant, 300_000, month=1)
    usage_charges.charge(shop.tenant)
    return UsageInvoice.objects.get(tenant=shop.tenant)


def made_by_hand(stripe: sdk.StripeClient, shop: Shop, invoice: UsageInvoice) -> sdk.Invoice:
    """The draft that a try left behind whose idempotency key Stripe has forgotten."""
    metadata = {"usage_invoice": str(invoice.pk)}
    return stripe.v1.invoices.create(
        {"customer": shop.customer, "currency": "usd", "metadata": metadata}
    )


def billed_once(stripe: sdk.StripeClient, shop: Shop) -> None:
    assert upkeep.bill_usage() == 1
    assert upkeep.bill_usage() == 0
    [invoice] = stated.usage_invoices(stripe, shop.customer)
    assert [amount for _, amount in stated.lines(invoice)] == [10_00, 20_00]
    assert invoice.status in ("open", "paid")


def test_stripe_is_down_when_the_period_is_closed(
    shop: Shop,
    stripe: sdk.StripeClient,
    unreachable: Callable[[], Callable[[], None]],  # noqa: F811
) -> None:
    shop.buy("pro")
    come_back = unreachable()
    rows = [stated.statement(shop.tenant, 200_000), stated.statement(shop.tenant, 300_000, month=1)]
    period_closed.send(sender=None, tenant=shop.tenant, statements=rows)
    assert UsageCharge.objects.filter(tenant=shop.tenant).count() == 2
    assert stated.waiting(shop.tenant) == 1
    assert upkeep.bill_usage() == 0
    come_back()
    billed_once(stripe, shop)


def test_a_try_that_died_after_the_draft_is_taken_up(
    shop: Shop, owing: UsageInvoice, stripe: sdk.StripeClient
) -> None:
    made_by_hand(stripe, shop, owing)
    billed_once(stripe, shop)


def test_a_try_that_died_between_two_items_is_taken_up(
    shop: Shop, owing: UsageInvoice, stripe: sdk.StripeClient
) -> None:
    draft = made_by_hand(stripe, shop, owing)
    first = owing.charges.order_by("pk")[0]
    stripe.v1.invoice_items.create(
        {
            "customer": shop.customer,
            "invoice": draft.id,
            "amount": first.amount,
            "currency": "usd",
            "metadata": {"charge": first.key},
        }
    )
    billed_once(stripe, shop)


def test_a_try_that_died_before_it_was_written_down_is_not_repeated(
    shop: Shop, owing: UsageInvoice, stripe: sdk.StripeClient
) -> None:
    exporting.bring(shop.tenant)
    UsageInvoice.objects.filter(pk=owing.pk).update(finalized_at=None, stripe_id=None)
    billed_once(stripe, shop)


def test_what_comes_while_an_invoice_waits_gets_one_of_its_own(
    shop: Shop, owing: UsageInvoice, stripe: sdk.StripeClient
) -> None:
    stated.statement(shop.tenant, 400_000, month=2)
    assert upkeep.bill_usage() == 2
    totals = [one.total for one in stated.usage_invoices(stripe, shop.customer)]
    assert totals == [30_00, 30_00]


def test_a_failure_of_one_workspace_does_not_stop_the_others(
    shop: Shop, owing: UsageInvoice, stripe: sdk.StripeClient, acme: object
) -> None:
    stated.statement(acme, 200_000)  # type: ignore[arg-type]
    Account.objects.filter(tenant=acme).update(stripe_customer_id="cus_that_is_gone")
    billed_once(stripe, shop)
    assert stated.waiting(acme) == 1  # type: ignore[arg-type]


def test_two_workers_at_once_make_one_invoice(
    forgettable: OpenShop, stripe: sdk.StripeClient
) -> None:
    shop = forgettable()
    shop.buy("pro")
    stated.statement(shop.tenant, 200_000)
    at_once(*(lambda: upkeep.bill_usage(str(shop.tenant.pk)) for _ in range(4)))
    [invoice] = stated.usage_invoices(stripe, shop.customer)
    assert [amount for _, amount in stated.lines(invoice)] == [10_00]
    assert UsageCharge.objects.filter(tenant=shop.tenant).count() == 1
