"""Owners hear of every change of their plan, whoever made it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stripe as sdk
from django.core import mail

from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox


@pytest.fixture
def letters(django_capture_on_commit_callbacks: Callable[..., object]) -> Callable[..., list[str]]:
    """What is mailed meanwhile, as "to: subject"."""

    def during(act: Callable[[], object]) -> list[str]:
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
            act()
        return [f"{message.to[0]}: {message.subject}" for message in mail.outbox]

    return during


def test_owners_are_told_of_an_upgrade_a_change_a_cancellation_and_that_it_goes_on(
    shop: Shop, letters: Callable[..., list[str]]
) -> None:
    assert letters(lambda: shop.buy("pro")) == ["owner@acme.example: Test shop is on Pro"]
    wanted = {"plan": "business", "interval": "month"}
    changed = letters(lambda: shop.change(**wanted))
    assert changed == ["owner@acme.example: Test shop is on Business"]
    [said] = letters(lambda: shop.owner.post("/billing/cancel/"))
    assert said.startswith("owner@acme.example: Business of Test shop ends on ")
    again = letters(lambda: shop.owner.post("/billing/resume/"))
    assert again == ["owner@acme.example: Business of Test shop goes on"]


def test_owners_are_told_of_what_happened_at_stripe(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver, letters
) -> None:
    shop.buy("pro")
    stripe.v1.subscriptions.cancel(str(shop.account.subscription_id))
    gone = mailbox.wait_for("customer.subscription.deleted", customer=shop.customer)
    assert letters(lambda: deliver(gone)) == ["owner@acme.example: Test shop is on Free"]
    assert letters(lambda: deliver(gone)) == []


def test_owners_are_told_once_of_each_payment_that_failed_without_them(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver, letters, settle
) -> None:
    shop.buy("pro")
    bad = stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": shop.customer}
    )
    invoice = stripe.v1.invoices.create(
        {"customer": shop.customer, "currency": "eur", "auto_advance": False}
    )
    stripe.v1.invoice_items.create(
        {
            "customer": shop.customer,
            "invoice": str(invoice.id),
            "amount": 1000,
            "currency": "eur",
        }
    )
    stripe.v1.invoices.finalize_invoice(str(invoice.id))
    with pytest.raises(sdk.CardError):
        stripe.v1.invoices.pay(str(invoice.id), {"payment_method": bad.id})
    failed = mailbox.wait_for("invoice.payment_failed", customer=shop.customer)
    told = letters(lambda: deliver(failed))
    assert told == ["owner@acme.example: A payment for Test shop failed"]
    assert "€10.00 for the workspace “Test shop” could not be taken" in mail.outbox[0].body
    assert letters(lambda: deliver(failed)) == []
    settle()
    [recorded] = shop.recorded("Payment Failed")
    assert (recorded["amount"], recorded["attempt"]) == (1000, 1)
