"""Cancelled with a reason, at the end or at once; an offer taken instead; the portal as a second way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import httpx
import pytest
import stripe as sdk

from billing.catalogue import Coupon, Offer, Rules
from billing.selling import pushing
from tenants.models import AuditEntry
from tests.billing.conftest import Shop
from tests.billing.paying.conftest import Clocked, sells
from tests.billing.simulated import Mailbox

HALF = Coupon(
    key="stay", name="Half price for three months", percent=50, duration="repeating", months=3
)
OFFER = Offer(coupon=HALF, title="Half price for three months", text="Stay.")
WHY = {"reason": "too_expensive", "comment": "We found a free one."}


def test_a_cancellation_keeps_its_reason_ends_with_the_period_and_is_taken_back(
    subscribed: Clocked, settle
) -> None:
    shop, stripe = subscribed.shop, subscribed.stripe
    page = shop.owner.get("/billing/cancellation/").content.decode()
    assert "It costs too much" in page
    assert "Today; what is left" not in page
    for _ in range(2):  # the second press finds it done
        said = shop.owner.post("/billing/cancellation/", WHY, follow=True).content.decode()
    assert "Pro ends on" in said
    assert "Promotion code" not in said, "there is nothing left that it would take something off"
    details = stripe.v1.subscriptions.retrieve(subscribed.row.stripe_id).cancellation_details
    assert (details.feedback, details.comment) == ("too_expensive", "We found a free one.")
    entry = AuditEntry.objects.for_tenant(shop.tenant).get(action="subscription.canceled")
    assert entry.details["feedback"] == "too_expensive"
    assert shop.owner.get("/billing/cancellation/").status_code == 302
    shop.owner.post("/billing/resume/")
    assert (subscribed.account.cancel_at, shop.limit("links")) == (None, 1_000)
    shop.owner.post("/billing/cancellation/", {"reason": "no such", "comment": "x" * 900})
    subscribed.until_renewal()
    assert (subscribed.account.plan_key, shop.limit("links")) == ("free", 10)
    assert subscribed.mails() == {"plan_changed": 2, "canceled": 2, "resumed": 1}
    assert [one.amount_paid for one in subscribed.invoices()] == [29_00]
    settle()
    first, second = shop.recorded("Subscription Canceled")
    assert (first["feedback"], first["comment"]) == ("too_expensive", "We found a free one.")
    assert (second["feedback"], len(str(second["comment"]))) == (
        "too_expensive", 500,
    )  # fmt: skip  # Stripe keeps what was said until something else is


def test_at_once_where_the_product_allows_it(subscribed: Clocked, monkeypatch) -> None:
    shop = subscribed.shop
    refused = shop.owner.post("/billing/cancellation/", {"when": "now"}, follow=True)
    assert "A plan ends with the period that is paid for." in refused.content.decode()
    assert subscribed.account.plan_key == "pro"
    sells(monkeypatch, RULES=Rules(cancel_at_once=True))
    assert "Today; what is left" in shop.owner.get("/billing/cancellation/").content.decode()
    said = shop.owner.post("/billing/cancellation/", {"when": "now", **WHY}, follow=True)
    assert "Pro has ended. Nothing was deleted." in said.content.decode()
    account = subscribed.account
    assert (account.plan_key, account.status, shop.limit("links")) == ("free", "canceled", 10)
    subscribed.hear()
    assert subscribed.mails() == {"plan_changed": 2}
    assert [one.amount_paid for one in subscribed.invoices()] == [29_00]
    assert shop.owner.post("/billing/cancellation/", {"when": "now"}).status_code == 409


def test_what_is_pending_is_invoiced_when_it_ends_at_once(subscribed: Clocked, monkeypatch) -> None:
    """The dearer plan of the last ten days is paid, and its time to come is not given back."""
    sells(monkeypatch, RULES=Rules(cancel_at_once=True))
    subscribed.pass_days(10)
    row = subscribed.row
    subscribed.shop.becomes(subscribed.stripe, "business_month")
    left = row.period_end.timestamp() - subscribed.now()
    whole = row.period_end.timestamp() - row.period_start.timestamp()
    due = round(99_00 * left / whole) - round(29_00 * left / whole)
    subscribed.shop.owner.post("/billing/cancellation/", {"when": "now"})
    assert [one.amount_paid for one in subscribed.invoices()] == [29_00, due]
    assert subscribed.account.plan_key == "free"


def test_an_offer_is_taken_once_and_halves_three_months(
    subscribed: Clocked, monkeypatch, settle
) -> None:
    sells(monkeypatch, RULES=Rules(offer=OFFER))
    pushing.push()
    subscribed.pass_days(5)
    shop = subscribed.shop
    assert (
        "Half price for three months" in shop.owner.get("/billing/cancellation/").content.decode()
    )
    for _ in range(2):
        shop.owner.post("/billing/cancellation/offer/")
    assert len(subscribed.row.discounts) == 1
    ends = datetime.fromisoformat(subscribed.row.discounts[0]["ends"])
    assert f"Half price for three months: 50 % off until {ends:%-d %B %Y}" in shop.page()
    assert "Half price" not in shop.owner.get("/billing/cancellation/").content.decode()
    for _ in range(4):
        subscribed.until_renewal()
        assert subscribed.account.trouble == ""
    paid = [one.amount_paid for one in subscribed.invoices()]
    assert paid == [29_00, 14_50, 14_50, 14_50, 29_00]
    assert subscribed.mails()["offer_taken"] == 1
    settle()
    assert shop.recorded("Retention Offer Taken") == [{"plan": "pro", "coupon": "stay"}]


@pytest.mark.parametrize(("months", "is_offered"), [(3, False), (12, True)])
def test_an_offer_that_ends_before_the_year_does_is_not_made(
    shop: Shop, monkeypatch, months: int, is_offered: bool
) -> None:
    sells(monkeypatch, RULES=Rules(offer=replace(OFFER, coupon=replace(HALF, months=months))))
    pushing.push()
    shop.buy("pro", interval="year")
    page = shop.owner.get("/billing/cancellation/").content.decode()
    assert ("Half price for three months" in page) is is_offered
    shop.owner.post("/billing/cancellation/offer/")
    assert (shop.account.offer_taken_at is not None) is is_offered


def test_an_offer_is_not_for_who_does_not_pay(shop: Shop, monkeypatch) -> None:
    sells(monkeypatch, RULES=Rules(offer=OFFER))
    assert shop.owner.post("/billing/cancellation/offer/").status_code == 409
    shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    said = shop.owner.post("/billing/cancellation/offer/", follow=True).content.decode()
    assert "There is no offer for your workspace now." in said


@pytest.mark.parametrize("by_return", [True, False])
def test_what_is_done_at_the_portal_arrives(
    shop: Shop, mailbox: Mailbox, deliver, stripe: sdk.StripeClient, by_return: bool
) -> None:
    first = shop.owner.post("/billing/portal/", follow=True).content.decode()
    assert "once your workspace has paid" in first
    shop.buy("pro")
    door = shop.owner.post("/billing/portal/")["Location"]
    assert "Back to the app" in httpx.get(door).text
    bought = shop.account.subscription_id
    ended = httpx.post(
        f"{door}/subscriptions/{bought}/cancellation", data={"feedback": "too_complex"}
    )
    assert ended.status_code == 303
    assert shop.account.cancel_at is None
    if by_return:
        shop.owner.get("/billing/portal/return/")
    else:
        deliver(mailbox.wait_for("customer.subscription.updated", customer=shop.customer))
    assert shop.account.cancel_at is not None
    entry = AuditEntry.objects.for_tenant(shop.tenant).get(action="subscription.canceled")
    assert entry.details["feedback"] == "too_complex"
    configurations = stripe.v1.billing_portal.configurations.list({"limit": 100}).data
    ours = [each for each in configurations if "plg_portal" in (each.metadata or {})]
    assert len(ours) == 1, "it is made once"
