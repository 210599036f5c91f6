"""An invoice for usage that is not paid: the same mails, banner, days of grace and loss as of the plan's own;
and all of it back once it is paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import entitlements, upkeep
from billing.models import Account, UsageInvoice
from billing.subscriptions import subscription
from tests.billing.paying.conftest import FAILS, VISA, Clocked
from tests.billing.stated import statement, usage_invoices

PRO, FREE = ("pro", 1_000), ("free", 10)


def holds(clocked: Clocked) -> tuple[str, int | None]:
    return clocked.account.plan_key, clocked.shop.limit("links")


def use(clocked: Clocked, clicks: int = 700_000) -> None:
    """A month was closed: what is above 100,000 costs a dollar for each 10,000."""
    statement(clocked.shop.tenant, clicks)
    upkeep.bill_usage()


@pytest.fixture
def behind(subscribed: Clocked) -> Clocked:
    """On Pro and paid, but for $60.00 of usage, which the card refuses."""
    subscribed.give_card(FAILS)
    use(subscribed)
    subscribed.pass_days(0.2)
    return subscribed


def test_unpaid_usage_costs_the_plan_after_the_grace_and_all_is_back_once_it_is_paid(
    behind: Clocked,
) -> None:
    account = behind.account
    assert (account.status, account.owed, holds(behind)) == ("active", 60_00, PRO)
    day = f"{account.grace_ends_at:%-d %B %Y}"
    for path in ("/", "/billing/"):
        page = behind.shop.owner.get(path).content.decode()
        assert "A payment of $60.00 has failed." in page, path
        assert f"The plan stays until {day}." in page, path
    assert "Payment failed" in behind.shop.page()
    page = behind.shop.owner.get("/billing/payment/").content.decode()
    assert "Pay $60.00 now" in page
    assert behind.mails()["payment_failed"] == 1
    change = behind.shop.owner.get("/billing/change/?plan=business&interval=month")
    assert (change.status_code, "Please pay it first" in change.content.decode()) == (409, True)

    began = account.past_due_since.timestamp()
    behind.pass_until(began + 13 * 86400)
    assert holds(behind) == PRO
    assert behind.mails()["payment_last_notice"] == 1
    behind.pass_until(began + 14 * 86400)
    for _ in range(3):
        subscription.sync(behind.account, origin=Account.Origin.CHECK)
    assert (behind.account.status, behind.account.grace_ended, holds(behind)) == (
        "active", True, FREE,
    )  # fmt: skip
    assert entitlements.allows(behind.shop.tenant, "own_domains").reason == "not_paid"
    assert "The workspace is on Free until it is paid." in behind.shop.page()
    assert behind.mails()["payment_lost"] == 1

    behind.give_card(VISA)
    behind.shop.owner.post("/billing/payment/")
    behind.hear()
    assert (holds(behind), behind.account.owed, behind.account.past_due_since) == (PRO, 0, None)
    assert behind.mails()["payment_recovered"] == 1
    [invoice] = usage_invoices(behind.stripe, behind.shop.customer)
    assert (invoice.status, invoice.amount_paid) == ("paid", 60_00)
    assert not UsageInvoice.objects.filter(tenant=behind.shop.tenant).unsettled()
    assert "has failed" not in behind.shop.page()


def test_usage_after_a_plan_that_failed_begins_no_new_grace(failing: Clocked) -> None:
    since = failing.account.past_due_since
    failing.pass_days(5)
    use(failing)
    failing.pass_days(0.2)
    assert (failing.account.past_due_since, failing.account.owed) == (since, 89_00)
    failing.give_card(VISA)
    failing.shop.owner.post("/billing/payment/")
    assert (failing.account.owed, failing.account.past_due_since) == (0, None)


def test_usage_of_a_plan_that_has_ended_is_paid_before_the_next_is_bought(
    subscribed: Clocked,
) -> None:
    """There is no plan to lose; the banner stays, and nothing is bought beside what is open."""
    subscribed.give_card(FAILS)
    subscribed.stripe.v1.subscriptions.cancel(str(subscribed.account.subscription_id))
    subscribed.hear()
    assert holds(subscribed) == FREE
    use(subscribed)
    subscribed.pass_days(0.2)
    subscribed.pass_days(20)
    account = subscribed.account
    assert (account.owed, account.grace_ended, account.grace_ends_at) == (60_00, False, None)
    assert {"payment_lost", "payment_last_notice"}.isdisjoint(subscribed.mails())
    assert "A payment of $60.00 has failed." in subscribed.shop.page()
    assert not Account.objects.unsettled(now=timezone.now() + timedelta(days=90)).filter(
        pk=account.pk
    )
    for path in ("/billing/checkout/", "/billing/trial/"):
        refused = subscribed.shop.owner.post(path, {"plan": "pro", "interval": "month"})
        assert refused.status_code in (302, 409), path
    checkout = subscribed.shop.owner.post(
        "/billing/checkout/", {"plan": "pro", "interval": "month"}, follow=True
    )
    assert "Please pay what is open first" in checkout.content.decode()
    subscribed.give_card(VISA)
    subscribed.shop.owner.post("/billing/payment/")
    assert (subscribed.account.owed, "has failed" in subscribed.shop.page()) == (0, False)
    subscribed.shop.buy("pro")
    assert holds(subscribed) == PRO


def test_it_is_found_out_when_no_news_come(subscribed: Clocked) -> None:
    subscribed.give_card(FAILS)
    use(subscribed)
    subscribed.pass_days(0.2, hear=False)
    now = timezone.now()
    assert subscribed.account.past_due_since is None
    UsageInvoice.objects.filter(tenant=subscribed.shop.tenant).update(
        finalized_at=now - timedelta(hours=3)
    )
    upkeep.ask_stripe(now=now)
    assert (subscribed.account.owed, subscribed.mails()["payment_failed"]) == (60_00, 1)
    assert not Account.objects.unsettled(now=now).filter(pk=subscribed.account.pk)


def test_what_is_paid_at_once_is_asked_about_once(subscribed: Clocked) -> None:
    use(subscribed)
    subscribed.pass_days(0.2)
    assert (subscribed.account.past_due_since, holds(subscribed)) == (None, PRO)
    assert not UsageInvoice.objects.filter(tenant=subscribed.shop.tenant).unsettled()
    assert "payment_failed" not in subscribed.mails()
