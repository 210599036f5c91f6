"""Changing, cancelling, resuming, ending."""

from __future__ import annotations

from collections.abc import Callable

import stripe as sdk

from billing.models import Account
from billing.pages import page
from billing.subscriptions import invoices, subscription
from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox


def test_a_change_is_explained_before_it_is_done(shop: Shop) -> None:
    shop.buy("pro")
    words = shop.owner.get("/billing/change/?plan=business&interval=month").content.decode()
    assert "Change from Pro to Business" in words
    assert "Charged now" in words
    assert "Your next invoice, on" in words
    assert shop.account.plan_key == "pro"


def test_a_change_keeps_customer_and_subscription(shop: Shop, stripe: sdk.StripeClient) -> None:
    shop.buy("pro")
    before = shop.account
    page = shop.look(plan="business")
    for _ in range(2):  # the second click finds nothing left to do
        assert shop.confirm(page).status_code == 302
    after = shop.account
    assert (after.plan_key, shop.limit("links")) == ("business", 10_000)
    assert after.stripe_customer_id == before.stripe_customer_id
    assert after.subscription_id == before.subscription_id
    assert len(stripe.v1.subscriptions.list({"customer": shop.customer}).data) == 1


def test_another_interval_starts_a_new_period(shop: Shop) -> None:
    shop.buy("pro")
    before = shop.account.current_period_end
    words = shop.owner.get("/billing/change/?plan=pro&interval=year").content.decode()
    assert "A new period starts today" in words
    shop.change(plan="pro", interval="year")
    assert shop.account.interval == "year"
    assert shop.account.current_period_end > before


def test_cancelling_says_when_the_plan_ends_and_keeps_it_until_then(shop: Shop) -> None:
    shop.buy("pro")
    words = shop.owner.post("/billing/cancel/", follow=True).content.decode()
    account = shop.account
    assert account.cancel_at == account.current_period_end
    assert f"Pro ends on {page.day(account.cancel_at)}" in words
    assert shop.limit("links") == 1_000


def test_a_cancellation_can_be_taken_back(shop: Shop, settle: Callable[[], None]) -> None:
    shop.buy("pro")
    shop.owner.post("/billing/cancel/")
    words = shop.owner.post("/billing/resume/", follow=True).content.decode()
    assert shop.account.cancel_at is None
    assert "Renews on" in words
    settle()
    assert len(shop.recorded("Subscription Canceled")) == 1
    assert len(shop.recorded("Subscription Resumed")) == 1


def test_a_change_of_plan_takes_a_cancellation_back(shop: Shop) -> None:
    shop.buy("pro")
    shop.owner.post("/billing/cancel/")
    shop.change(plan="business")
    assert shop.account.cancel_at is None


def test_when_the_subscription_ends_the_free_limits_are_back(
    shop: Shop,
    stripe: sdk.StripeClient,
    mailbox: Mailbox,
    deliver: Callable[..., object],
    settle: Callable[[], None],
) -> None:
    shop.buy("pro")
    shop.owner.post("/billing/cancel/")
    stripe.v1.subscriptions.cancel(shop.account.subscription_id)
    deliver(mailbox.wait_for("customer.subscription.deleted", customer=shop.customer))
    account = shop.account
    assert (account.plan_key, account.status, account.cancel_at) == ("free", "canceled", None)
    assert shop.limit("links") == 10
    assert invoices.of(account), "the invoices are kept"
    settle()
    assert [e["to"] for e in shop.recorded("Plan Changed")] == ["pro", "free"]
    assert len(shop.recorded("Subscription Canceled")) == 1


def test_who_has_left_can_come_back_with_the_same_customer(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    customer = shop.customer
    stripe.v1.subscriptions.cancel(shop.account.subscription_id)
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert shop.account.plan_key == "free"
    shop.buy("pro")
    assert shop.customer == customer
    assert shop.limit("links") == 1_000


def test_without_a_subscription_there_is_nothing_to_cancel(shop: Shop) -> None:
    for action in ("cancel", "resume", "change"):
        answer = shop.owner.post(f"/billing/{action}/", {"plan": "pro", "interval": "month"})
        assert answer.status_code == 409, action
        assert "no subscription to change" in answer.content.decode()
