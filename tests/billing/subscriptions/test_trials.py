"""Trying a plan without a card: to paid, to nothing, once, with the mails that belong to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import stripe as sdk

from billing import upkeep
from billing.models import Account, Subscription
from billing.selling import free_workspaces
from billing.subscriptions import subscription, trials
from outbound.models import Message
from tests.billing.conftest import Shop
from tests.billing.simulated import pay

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


def test_a_trial_that_is_bought_goes_on_to_its_end_and_then_costs_the_price(
    tried: Shop, stripe: sdk.StripeClient
) -> None:
    trial = row(tried)
    url = tried.start_checkout("pro")
    assert tried.start_checkout("pro") == url  # a second click finds the first one's page
    back = pay(url)
    tried.owner.get(back[back.index("/billing") :])
    bought = row(tried)
    assert bought.stripe_id != trial.stripe_id
    assert (bought.status, bought.trial_end) == ("trialing", trial.trial_end)
    assert "Visa ending in 4242" in bought.payment_method
    assert Subscription.objects.get(pk=trial.pk).status == "canceled"
    assert stripe.v1.subscriptions.retrieve(trial.stripe_id).status == "canceled"
    assert tried.limit("links") == 1_000
    assert "Then it is paid with Visa ending in 4242" in tried.page()
    ended(tried, stripe)
    assert (tried.account.status, row(tried).invoice_status) == ("active", "paid")
    invoices = stripe.v1.invoices.list({"customer": tried.customer}).data
    assert sorted(each.total for each in invoices if each.total) == [29_00]


def test_another_plan_is_paid_at_once_within_a_trial(tried: Shop, stripe: sdk.StripeClient) -> None:
    back = pay(tried.start_checkout("business"))
    tried.owner.get(back[back.index("/billing") :])
    assert (tried.account.plan_key, tried.account.status) == ("business", "active")
    invoices = stripe.v1.invoices.list({"customer": tried.customer}).data
    assert sorted(each.total for each in invoices if each.total) == [99_00]
    live = stripe.v1.subscriptions.list({"customer": tried.customer}).data
    assert len(live) == 1


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
