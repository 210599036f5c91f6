"""Trying a plan without a card: to paid, to nothing, once, with the mails that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import stripe as sdk

from billing import catalogue, upkeep
from billing.entitlements import holding, in_force
from billing.models import Account, Subscription
from billing.selling import free_workspaces
from billing.subscriptions import subscription, trials
from metering import Limit, UsagePrice, quotas
from outbound.models import Message
from tests.billing.conftest import Shop
from tests.billing.simulated import Mailbox, pay

DAY = timedelta(days=1)
Plan = dict[str, str]
PRO: Plan = {"plan": "pro", "interval": "month"}


@pytest.fixture
def tried(shop: Shop) -> Shop:
    answer = shop.owner.post("/billing/trial/", PRO)
    assert answer.status_code == 302, answer.content.decode()
    return shop


def row(shop: Shop) -> Subscription:
    return Subscription.objects.get(stripe_id=shop.account.subscription_id)


def mails(shop: Shop, name: str) -> int:
    return Message.objects.filter(tenant_id=shop.tenant.pk, kind=name).count()


def ended(shop: Shop, stripe: sdk.StripeClient) -> None:
    """The trial's end comes: Stripe takes "now" for it."""
    stripe.v1.subscriptions.update(row(shop).stripe_id, {"trial_end": "now"})
    subscription.sync(shop.account, origin=Account.Origin.EVENT)


def test_a_trial_begins_with_a_click_and_has_the_limits_of_the_plan(tried: Shop) -> None:
    assert (tried.account.plan_key, tried.account.status) == ("pro", "trialing")
    assert tried.limit("links") == 1_000
    assert row(tried).trial_end - row(tried).trial_start == 14 * DAY
    page = tried.page()
    assert "You are trying Pro: 14 days are left" in page
    assert "Without a way of paying the workspace is on Free after that" in page
    assert "Keep Pro" in page


def test_the_days_that_are_left_are_counted(tried: Shop) -> None:
    end = row(tried).trial_end
    left = [trials.days_left(row(tried), now=end - each) for each in (DAY * 14, DAY, DAY / 2, -DAY)]
    assert left == [14, 1, 1, 0]


def test_a_second_trial_is_refused_in_words(tried: Shop, stripe: sdk.StripeClient) -> None:
    again = tried.owner.post("/billing/trial/", PRO)
    assert (again.status_code, "can try a plan once" in again.content.decode()) == (409, True)
    stripe.v1.subscriptions.cancel(row(tried).stripe_id)
    subscription.sync(tried.account, origin=Account.Origin.EVENT)
    assert tried.account.plan_key == "free"
    assert tried.owner.post("/billing/trial/", PRO).status_code == 409
    assert "Try it for" not in tried.page()


def test_who_may_not_pay_may_not_try(shop: Shop) -> None:
    assert shop.member.post("/billing/trial/", PRO).status_code == 403
    assert shop.account.plan_key == "free"


def test_a_plan_without_a_trial_cannot_be_tried(shop: Shop) -> None:
    refused = shop.owner.post("/billing/trial/", {"plan": "business", "interval": "month"})
    assert refused.status_code == 409


def test_a_trial_that_nobody_pays_ends_on_the_free_plan_and_deletes_nothing(
    tried: Shop, stripe: sdk.StripeClient, settle: Callable[[], None]
) -> None:
    subscription_id = row(tried).stripe_id
    ended_at = datetime.now(UTC)
    stripe.v1.subscriptions.cancel(subscription_id)  # what Stripe does at the end without a card
    subscription.sync(tried.account, origin=Account.Origin.EVENT)
    account = tried.account
    assert (account.plan_key, account.status, account.subscription_id) == ("free", "canceled", None)
    assert tried.limit("links") == 10
    kept = Subscription.objects.get(stripe_id=subscription_id)
    assert kept.status == "canceled"
    assert kept.ended_at is not None
    assert kept.ended_at - ended_at < DAY
    settle()
    assert len(tried.recorded("Trial Started")) == 1
    assert [each["to"] for each in tried.recorded("Plan Changed")] == ["pro", "free"]


def live_of(shop: Shop, stripe: sdk.StripeClient) -> list[str]:
    """All that the customer ever had, but for what has ended."""
    listed = stripe.v1.subscriptions.list({"customer": shop.customer, "status": "all"}).data
    return [each.id for each in listed if each.status != "canceled"]


def paid(shop: Shop, stripe: sdk.StripeClient) -> list[int]:
    invoices = stripe.v1.invoices.list({"customer": shop.customer}).data
    return sorted(each.total for each in invoices if each.total)


def test_a_trial_that_is_bought_is_the_same_subscription_and_costs_from_its_end_on(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    trial = row(tried)
    url = tried.start_checkout("pro")
    assert tried.start_checkout("pro") == url  # a second click finds the first one's page
    words = httpx.get(url).text
    assert "Nothing is charged now." in words
    assert f"From {trial.trial_end:%-d %B %Y} on Pro costs $29.00 a month" in words
    back = pay(url)
    path = back[back.index("/billing") :]
    said = tried.owner.get(path, follow=True).content.decode()
    assert f"Pro goes on after the trial, and is paid from {trial.trial_end:%-d %B %Y} on" in said
    bought = row(tried)
    assert (bought.stripe_id, bought.status) == (trial.stripe_id, "trialing")
    assert bought.trial_end == trial.trial_end
    assert live_of(tried, stripe) == [trial.stripe_id]
    assert "Visa ending in 4242" in bought.payment_method
    assert tried.limit("links") == 1_000
    assert "Then it is paid with Visa ending in 4242" in tried.page()
    other = stripe.v1.payment_methods.attach("pm_card_mastercard", {"customer": tried.customer})
    tried.owner.post(f"/billing/payment-methods/{other.id}/default/")
    tried.owner.get(path)  # the address of the return, opened once more, brings no old card back
    assert "Mastercard" in row(tried).payment_method
    ended(tried, stripe)
    assert (tried.account.status, row(tried).invoice_status) == ("active", "paid")
    assert (paid(tried, stripe), live_of(tried, stripe)) == ([29_00], [trial.stripe_id])


def test_a_card_that_was_given_counts_though_nobody_comes_back(
    tried: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Callable[..., object]
) -> None:
    trial = row(tried)
    pay(tried.start_checkout("pro"))
    deliver(mailbox.wait_for("checkout.session.completed", customer=tried.customer))
    assert "Visa" in row(tried).payment_method
    assert (row(tried).stripe_id, tried.account.checkout_open) == (trial.stripe_id, False)


def test_a_card_that_was_given_is_found_by_the_check_when_nothing_came(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    pay(tried.start_checkout("pro"))
    upkeep.ask_stripe()
    assert "Visa" in row(tried).payment_method
    assert live_of(tried, stripe) == [row(tried).stripe_id]


def test_another_plan_is_shown_to_the_cent_and_paid_once_it_is_confirmed(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    trial = row(tried)
    url = tried.start_checkout("business")
    assert "Nothing is charged yet: what Business costs is shown next" in httpx.get(url).text
    back = pay(url)
    answer = tried.owner.get(back[back.index("/billing") :], follow=True)
    shown = answer.content.decode()
    assert answer.redirect_chain[-1][0].startswith("/billing/change/?plan=business")
    assert "Pro goes on after the trial" in shown  # who stops here is told what the card will pay
    assert (tried.account.plan_key, paid(tried, stripe)) == ("pro", [])
    assert tried.confirm(shown).status_code == 302
    assert (tried.account.plan_key, tried.account.status) == ("business", "active")
    assert (paid(tried, stripe), live_of(tried, stripe)) == ([99_00], [trial.stripe_id])


def test_two_tabs_end_in_one_subscription(tried: Shop, stripe: sdk.StripeClient) -> None:
    """The second tab's choice closes the first one's page; and a page from before a card is of no use."""
    first = tried.start_checkout("pro")
    second = tried.start_checkout("business")
    assert first != second
    assert httpx.post(first, data={"card_number": "4242 4242 4242 4242"}).status_code == 410
    pay(second)
    upkeep.ask_stripe()
    again = tried.owner.post("/billing/checkout/", {**PRO, "plan": "business"})
    assert again["Location"].startswith("/billing/change/")  # a card is there: no second purchase
    assert live_of(tried, stripe) == [row(tried).stripe_id]


def test_a_purchase_from_before_the_trial_cannot_be_paid_beside_it(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    page = shop.start_checkout("pro")
    shop.owner.post("/billing/trial/", PRO)
    assert httpx.post(page, data={"card_number": "4242 4242 4242 4242"}).status_code == 410
    assert live_of(shop, stripe) == [row(shop).stripe_id]


def test_a_purchase_that_was_paid_a_moment_ago_leaves_no_room_for_a_trial(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.pay("business")
    assert shop.owner.post("/billing/trial/", PRO).status_code == 409
    assert len(live_of(shop, stripe)) == 1


def test_a_trial_that_ended_on_the_card_page_is_not_charged(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    page = tried.start_checkout("pro")
    stripe.v1.subscriptions.cancel(row(tried).stripe_id)
    back = pay(page)
    said = tried.owner.get(back[back.index("/billing") :], follow=True).content.decode()
    assert "The trial has ended, and nothing was charged" in said
    assert (tried.account.plan_key, live_of(tried, stripe), paid(tried, stripe)) == ("free", [], [])


def test_a_trial_is_not_changed_into_a_dearer_plan_that_nobody_pays(tried: Shop) -> None:
    for path in ("/billing/change/", "/billing/change/?plan=business&interval=month"):
        ask = tried.owner.get if "?" in path else tried.owner.post
        answer = ask(path, {"plan": "business", "interval": "month"})
        assert (answer.status_code, "only tried" in answer.content.decode()) == (409, True)
    assert tried.limit("links") == 1_000


def test_a_trial_counts_among_the_free_workspaces(tried: Shop) -> None:
    owner = tried.tenant.memberships.get(role="owner").user
    assert tried.tenant.pk in free_workspaces._free_ones(owner, ())


def test_owners_are_told_three_days_before_the_end_and_once(tried: Shop) -> None:
    end = row(tried).trial_end
    trials.tell_due(now=end - 4 * DAY)
    assert mails(tried, "billing.trial_ends") == 0
    for _ in range(3):
        trials.tell_due(now=end - 3 * DAY)
    assert mails(tried, "billing.trial_ends") == 1
    Subscription.objects.filter(tenant=tried.tenant).update(trial_end=datetime.now(UTC) + DAY)
    upkeep.ask_stripe()


def test_a_trial_in_another_currency_fixes_it(shop: Shop) -> None:
    shop.owner.post("/billing/trial/", {**PRO, "currency": "eur"})
    assert (shop.account.pays_in, row(shop).currency, row(shop).amount) == ("eur", "eur", 27_00)
    assert "€27" in shop.page()


def test_use_above_a_plan_that_is_tried_without_a_card_costs_nothing(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    priced = Limit(100_000, hard=False, price=UsagePrice(1_00, per=10_000))
    assert quotas.limits_of(tried.tenant)["clicks"] == Limit(100_000, hard=False)
    page = tried.page()
    assert "It costs nothing, whatever is used: nothing above the plan is invoiced." in page
    assert "What is used above the plan" not in page
    pay(tried.start_checkout("pro"))
    upkeep.ask_stripe()
    found = quotas.limits_of(tried.tenant)["clicks"]
    assert (found.included or found.value, found.price) == (priced.value, priced.price)
    assert "what is used above the plan is invoiced already" in tried.page()


def test_what_the_first_plan_refuses_a_trial_without_a_card_refuses_too(tried: Shop) -> None:
    """It would cost money that nobody will ever pay: above what is included there is no more."""
    held = replace(
        holding.of(tried.account), plan=catalogue.plan("team"), plan_key="team", terms=None, seats=2
    )
    limits = in_force._charged(held)
    assert limits["storage"] == Limit(10 * 1024**3, hard=True)
    assert limits["clicks"] == Limit(50_000, hard=False)
    assert in_force._charged(replace(held, tried=False))["storage"].price is not None
