"""A renewal that fails: grace, mails, the loss of the plan, and all of it back; to the cent, and once."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from billing import entitlements, upkeep
from billing.catalogue import Rules
from billing.models import Account
from billing.subscriptions import dunning, subscription
from tests.billing.paying.conftest import ASKS, FAILS, VISA, Clocked, sells

POLICY = {"days": "3 5 7", "final": "leave_past_due"}


@pytest.fixture
def final(simulator):
    """`final("cancel")`: what Stripe does after the last try."""

    def policy(action: str, days: str = "3 5 7") -> None:
        fields = {"days": days, "final": action}
        assert httpx.post(f"{simulator.url}/settings/retries", data=fields).status_code == 303

    yield policy
    httpx.post(f"{simulator.url}/settings/retries", data=POLICY)


def holds(clocked: Clocked) -> tuple[str, int | None, bool]:
    """Plan, limit of links, and a feature of Pro."""
    allowed = entitlements.allows(clocked.shop.tenant, "own_domains").allowed
    return clocked.account.plan_key, clocked.shop.limit("links"), allowed


PRO, FREE = ("pro", 1_000, True), ("free", 10, False)


def test_a_failed_renewal_keeps_the_plan_and_says_until_when(failing: Clocked) -> None:
    account = failing.account
    assert (account.status, account.owed, holds(failing)) == ("past_due", 29_00, PRO)
    assert account.grace_ends_at == account.past_due_since + timedelta(days=14)
    said = failing.shop.owner.get("/billing/cancellation/").content.decode()
    assert f"the limits of Free from {account.grace_ends_at:%-d %B %Y} on" in said
    assert "stays yours" not in said, "what is not paid does not"
    day = f"{account.grace_ends_at:%-d %B %Y}"
    for path in ("/", "/billing/"):
        page = failing.shop.owner.get(path).content.decode()
        assert "A payment of $29.00 has failed." in page, path
        assert f"The plan stays until {day}." in page, path
        assert '<a class="link-button" href="/billing/payment/">' in page, path
    assert "has failed" not in failing.shop.member.get("/").content.decode()
    page = failing.shop.owner.get("/billing/payment/").content.decode()
    assert "Pay $29.00 now" in page
    assert f"Pro stays yours until {day}" in page
    assert failing.mails()["payment_failed"] == 1


def test_it_is_lost_after_the_days_of_grace_and_all_is_back_once_it_is_paid(
    failing: Clocked, settle
) -> None:
    """Stripe leaves it past due for ever."""
    began = failing.account.past_due_since.timestamp()
    for day in (3.2, 8.4):
        failing.pass_until(began + day * 86400)
        assert holds(failing) == PRO, day
    assert failing.mails()["payment_failed_again"] == 2
    failing.pass_until(began + 11.5 * 86400)
    dunning.tell_due(now=failing.account.grace_ends_at - timedelta(days=2))
    dunning.tell_due(now=failing.account.grace_ends_at - timedelta(days=1))
    assert failing.mails()["payment_last_notice"] == 1
    failing.pass_until(began + 14 * 86400 - 60)
    subscription.sync(failing.account, origin=Account.Origin.CHECK)
    assert holds(failing) == PRO
    failing.pass_until(began + 14 * 86400)
    for _ in range(3):
        subscription.sync(failing.account, origin=Account.Origin.CHECK)
    assert (failing.account.status, holds(failing)) == ("past_due", FREE)
    assert failing.account.grace_ended
    assert "The workspace is on Free until it is paid." in failing.shop.page()
    assert entitlements.allows(failing.shop.tenant, "own_domains").reason == "not_paid"
    failing.pass_days(2)
    assert holds(failing) == FREE

    failing.give_card(VISA)
    paid = failing.shop.owner.post("/billing/payment/", follow=True)
    assert "It is paid, and all is as before." in paid.content.decode()
    assert (failing.account.status, holds(failing)) == ("active", PRO)
    assert (failing.account.owed, failing.account.past_due_since) == (0, None)
    assert [(one.amount_paid, one.status) for one in failing.invoices()] == [(29_00, "paid")] * 2
    failing.hear()
    assert failing.mails() == {
        "plan_changed": 1,  # when it was bought
        "payment_failed": 1,
        "payment_failed_again": 3,
        "payment_last_notice": 1,
        "payment_lost": 1,
        "payment_recovered": 1,
    }
    assert "has failed" not in failing.shop.page()
    settle()
    assert [each["to"] for each in failing.shop.recorded("Plan Changed")] == ["pro", "free", "pro"]
    assert [each["attempt"] for each in failing.shop.recorded("Payment Failed")] == [1, 2, 3, 4]
    assert [each["amount"] for each in failing.shop.recorded("Invoice Paid")] == [29_00, 29_00]


def test_months_without_the_plan_are_not_asked_for_once_the_card_is_mended(
    failing: Clocked,
) -> None:
    """Stripe goes on to renew what is past due. Who had the limits of Free owes the one period in which
    the plan was kept, however long it took."""
    since = failing.account.past_due_since
    tried = failing.mails()["payment_failed"]
    for _ in range(3):
        failing.pass_days(31)
        assert (failing.account.past_due_since, failing.account.owed) == (since, 29_00)
        assert holds(failing) == FREE
    assert failing.mails()["payment_failed"] == tried, "nobody is told of what is not asked for"
    page = failing.shop.owner.get("/billing/payment/").content.decode()
    assert "Pay $29.00 now" in page
    assert "whole periods with the limits of Free cost nothing" in page
    failing.give_card(VISA)
    failing.shop.owner.post("/billing/payment/")
    failing.hear()
    had = [(one.amount_paid, one.status) for one in failing.invoices()]
    assert had == [(29_00, "paid")] * 2 + [(0, "void")] * 3
    assert (holds(failing), failing.account.owed, failing.account.status) == (PRO, 0, "active")
    assert failing.mails()["payment_recovered"] == 1
    failing.until_renewal()
    assert [one.amount_paid for one in failing.invoices()][-1] == 29_00
    assert (holds(failing), failing.account.past_due_since) == (PRO, None)


def test_a_renewal_that_a_new_card_pays_brings_the_plan_back(failing: Clocked) -> None:
    """It is the newest that counts; the one before stays open, and can be paid."""
    failing.pass_days(15)
    assert holds(failing) == FREE
    failing.give_card(VISA)
    failing.until_renewal()
    assert [one.status for one in failing.invoices()] == ["paid", "open", "paid"]
    assert (holds(failing), failing.account.owed) == (PRO, 0)


def test_what_somebody_gave_up_at_stripe_is_owed_no_more(failing: Clocked) -> None:
    failing.pass_days(15)
    assert holds(failing) == FREE
    failing.stripe.v1.invoices.void_invoice(str(failing.invoices()[-1].id))
    failing.hear()
    assert (holds(failing), failing.account.past_due_since) == (PRO, None)


def test_months_that_stripe_only_drafts_are_not_asked_for_either(
    subscribed: Clocked, final
) -> None:
    """Unpaid: Stripe's own word for a subscription whose last try has failed."""
    final("mark_unpaid", "3")
    subscribed.give_card(FAILS)
    subscribed.until_renewal()
    subscribed.pass_days(16)
    assert (subscribed.account.status, holds(subscribed)) == ("unpaid", FREE)
    subscribed.pass_days(31)
    subscribed.pass_days(31)
    assert (subscribed.account.owed, holds(subscribed)) == (29_00, FREE)
    subscribed.give_card(VISA)
    subscribed.shop.owner.post("/billing/payment/")
    subscribed.hear()
    assert [one.status for one in subscribed.invoices()] == ["paid", "paid", "void", "void"]
    assert (holds(subscribed), subscribed.account.owed) == (PRO, 0)


def test_without_any_news_the_periodic_check_ends_the_grace(failing: Clocked) -> None:
    failing.pass_days(15, hear=False)
    ends_at = failing.account.grace_ends_at
    assert not Account.objects.unsettled(now=ends_at - timedelta(seconds=1)).filter(
        pk=failing.account.pk
    )
    upkeep.ask_stripe(now=ends_at)
    assert holds(failing) == FREE
    assert failing.mails()["payment_lost"] == 1
    upkeep.ask_stripe(now=ends_at + timedelta(days=1))
    assert failing.mails()["payment_lost"] == 1


@pytest.mark.parametrize(("action", "status"), [("mark_unpaid", "unpaid"), ("cancel", "canceled")])
def test_whatever_stripe_does_at_last_nothing_is_deleted(
    subscribed: Clocked, final, action: str, status: str
) -> None:
    """Unpaid keeps the days that were promised; what is cancelled has ended, and can be bought again."""
    final(action, "3")
    subscribed.give_card(FAILS)
    subscribed.until_renewal()
    subscribed.pass_days(4)
    if action == "mark_unpaid":
        assert (subscribed.account.status, holds(subscribed)) == (status, PRO)
        subscribed.pass_days(11)
        subscription.sync(subscribed.account, origin=Account.Origin.CHECK)
    assert (subscribed.account.status, holds(subscribed)) == (status, FREE)
    assert subscribed.mails()["payment_lost"] == 1
    assert subscribed.mails()["plan_changed"] == 1
    subscribed.give_card(VISA)
    if action == "mark_unpaid":
        subscribed.shop.owner.post("/billing/payment/")
    else:
        subscribed.shop.buy("pro")
    assert (subscribed.account.status, holds(subscribed)) == ("active", PRO)


def test_a_card_that_is_declined_again_says_why_and_changes_nothing(failing: Clocked) -> None:
    answer = failing.shop.owner.post("/billing/payment/", follow=True).content.decode()
    assert "The payment did not go through: Your card was declined." in answer
    assert (failing.account.status, holds(failing)) == ("past_due", PRO)


def test_a_renewal_that_asks_for_its_holder_has_a_page(subscribed: Clocked) -> None:
    """3-D Secure: from the mail to the page, to the bank, and back to what is true."""
    subscribed.give_card(ASKS)
    subscribed.until_renewal()
    assert subscribed.account.asks_to_confirm
    assert subscribed.mails()["payment_asks"] == 1
    assert "payment_failed" not in subscribed.mails()
    assert "Your bank asks you to confirm a payment." in subscribed.shop.page()
    page = subscribed.shop.owner.get("/billing/payment/").content.decode()
    assert "Your bank asks you to confirm the payment" in page
    to_bank = subscribed.shop.owner.post("/billing/payment/")
    assert (to_bank.status_code, "/authenticate/pi_" in to_bank["Location"]) == (303, True)
    # Not confirmed: it is not paid, and says so.
    back = httpx.post(to_bank["Location"], data={"authentication": "fail"})
    assert back.headers["location"].endswith("/billing/payment/return/")
    said = subscribed.shop.owner.get("/billing/payment/return/", follow=True).content.decode()
    assert "The payment is not complete yet." in said
    assert not subscribed.account.asks_to_confirm
    # Confirmed: paid, and nothing is open.
    to_bank = subscribed.shop.owner.post("/billing/payment/")
    httpx.post(to_bank["Location"], data={"authentication": "complete"})
    said = subscribed.shop.owner.get("/billing/payment/return/", follow=True).content.decode()
    assert "It is paid. Thank you!" in said
    assert (subscribed.account.status, holds(subscribed)) == ("active", PRO)
    assert [one.amount_paid for one in subscribed.invoices()] == [29_00, 29_00]
    subscribed.hear()
    assert subscribed.mails()["payment_recovered"] == 1


def test_another_card_is_set_and_pays_in_one_go(failing: Clocked) -> None:
    page = failing.shop.owner.post("/billing/payment/card/")
    assert page.status_code == 303
    form = httpx.get(page["Location"], follow_redirects=True).url
    fields = {"card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34", "card_cvc": "123"}
    back = httpx.post(str(form), data=fields).headers["location"]
    said = failing.shop.owner.get(back[back.index("/billing") :], follow=True).content.decode()
    assert "It is paid, and all is as before." in said
    assert (failing.account.status, failing.row.payment_method[:19]) == (
        "active",
        "Visa ending in 4242",
    )
    # The way back alone pays nothing: the button before it does.
    assert failing.shop.owner.get("/billing/payment-methods/return/").status_code == 302


def test_nothing_is_open_when_nothing_is(subscribed: Clocked) -> None:
    page = subscribed.shop.owner.get("/billing/payment/").content.decode()
    assert "Nothing is open" in page
    said = subscribed.shop.owner.post("/billing/payment/", follow=True).content.decode()
    assert "there is nothing to pay" in said


def test_the_days_of_grace_are_the_products(failing: Clocked, monkeypatch) -> None:
    sells(monkeypatch, RULES=Rules(grace_days=0))
    subscription.sync(failing.account, origin=Account.Origin.CHECK)
    assert holds(failing) == FREE
    assert failing.account.past_due_since - timezone.now() > timedelta(days=20)
