"""What the billing pages show, ready for templates without logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing import catalogue, entitlements
from billing.catalogue import Interval, Plan
from billing.models import Account, Subscription
from billing.pages import adjusting, cards, usage_page
from billing.pages.adjusting import Adjust
from billing.pages.cards import PlanCard, Tab
from billing.pages.usage_page import Charged, Running
from billing.subscriptions import invoices, trials
from billing.subscriptions.invoices import Invoice
from metering import wording
from metering.pages import Gauge, gauges
from tenants.models import Membership

_STATUS = {  # Stripe's status: words, kind of badge
    "active": ("Active", "success"),
    "trialing": ("Trial", "info"),
    "past_due": ("Payment failed", "warn"),
    "unpaid": ("Unpaid", "error"),
    "paused": ("Paused", "warn"),
}
_TROUBLE = {
    "paused": "The subscription is paused, so the workspace has the limits of the free plan.",
}


@dataclass(frozen=True)
class Fact:
    """A line about the plan: what it costs, when it renews or ends."""

    label: str
    value: str


@dataclass(frozen=True)
class BillingPage:
    """Everything on the overview."""

    account: Account
    plan: Plan
    status: str
    status_kind: str
    words: str
    facts: Sequence[Fact]
    period_end: str
    trouble: str
    adjust: Adjust | None
    gauges: Sequence[Gauge]
    interval: Interval
    currency: str
    tabs: Sequence[Tab]
    currency_tabs: Sequence[Tab]
    cards: Sequence[PlanCard]
    running: Sequence[Running]
    spend_limit: str
    charged: Sequence[Charged]
    invoices: Sequence[Invoice]
    may_manage: bool
    may_pay: bool

    @classmethod
    def of(
        cls,
        account: Account,
        *,
        interval: Interval,
        currency: str,
        may_manage: bool,
        may_pay: bool,
    ) -> BillingPage:
        """The page of a workspace for somebody who may, or may not, manage and pay."""
        plan = entitlements.plan_of(account)
        row = _subscription(account)
        paid_in = account.currency or account.pays_in or plan.currency
        is_tried = trials.of(account) is not None
        shown = cards.Shown(
            account, row, interval, currency, members=_members(account), is_tried=is_tried
        )
        status, kind = _STATUS.get(account.status, ("", ""))
        if account.is_behind and account.status == "active":  # for usage
            status, kind = _STATUS["past_due"]
        if account.cancel_at:
            status, kind = "Cancelled", "warn"
        listed = invoices.of(account)
        return cls(
            account=account,
            plan=plan,
            status=status,
            status_kind=kind,
            words=_words(account, plan, row),
            facts=_facts(account, plan, row),
            period_end=day(account.current_period_end),
            trouble=_trouble(account),
            adjust=adjusting.of(account, row, members=shown.members),
            gauges=gauges(account.tenant),
            interval=interval,
            currency=currency,
            tabs=cards.interval_tabs(shown),
            currency_tabs=cards.currency_tabs(shown),
            cards=[cards.of(plan, shown) for plan in catalogue.plans() if plan.for_sale],
            running=usage_page.running(account.tenant, paid_in),
            spend_limit=usage_page.spend_limit(account.tenant, paid_in),
            charged=usage_page.charged(account.tenant, {one.stripe_id: one for one in listed}),
            invoices=listed,
            may_manage=may_manage,
            may_pay=may_pay,
        )


def plan_name(account: Account) -> str:
    return entitlements.plan_of(account).name


def day(moment: datetime | None) -> str:
    """Like "21 December 2026" (UTC)."""
    return f"{moment:%-d %B %Y}" if moment else "the end of the period"


def _subscription(account: Account) -> Subscription | None:
    if not account.subscription_id:
        return None
    return Subscription.objects.filter(stripe_id=account.subscription_id).first()


def _members(account: Account) -> int:
    return Membership.objects.for_tenant(account.tenant).count()


def _trouble(account: Account) -> str:
    if not account.is_behind:
        return _TROUBLE.get(account.status, "")
    if account.grace_ended:
        return (
            "The payments failed, so the workspace has the limits of the free plan. Nothing was deleted, and "
            "all is back once it is paid."
        )
    if account.grace_ends_at is None:
        return "An invoice is not paid. Please pay it before you choose a plan again."
    return f"The last payment failed. Nothing changes until {day(account.grace_ends_at)}."


def _words(account: Account, plan: Plan, row: Subscription | None) -> str:
    if not account.has_subscription:
        return plan.summary
    first = catalogue.plans()[0].name
    if account.cancel_at:
        return (
            f"{plan.name} ends on {day(account.cancel_at)}. After that the workspace is on {first}; "
            "nothing is deleted."
        )
    if row is not None and row.status == "trialing":
        return _trial(plan, row, first)
    return ""


def _trial(plan: Plan, row: Subscription, first: str) -> str:
    left = trials.days_left(row)
    days = "one day is" if left == 1 else f"{left} days are"
    then = (
        f"Then it is paid with {row.payment_method}; what is used above the plan is invoiced already."
        if row.payment_method
        else "It costs nothing, whatever is used: nothing above the plan is invoiced. Without a way of "
        f"paying the workspace is on {first} after that; nothing is deleted."
    )
    return f"You are trying {plan.name}: {days} left, until {day(row.trial_end)}. {then}"


def _facts(account: Account, plan: Plan, row: Subscription | None) -> list[Fact]:
    if account.has_subscription and row is None:  # one of before there were rows: soon there is
        amount = wording.money_in_words(account.amount or 0, account.currency, short=True)
        return [Fact("Price", f"{amount} a {account.interval}")]
    if row is None or not account.has_subscription:
        price = wording.money_in_words(0, account.pays_in or plan.currency, short=True)
        return [Fact("Price", f"{price} for ever")]
    facts = [Fact("Price", cards.price_now(row, plan))]
    if plan.per_seat:
        facts.append(Fact("Seats", f"{row.quantity:,}"))
    facts += [Fact("Discount", cards.discount_in_words(each)) for each in row.discounts]
    if row.payment_method:
        facts.append(Fact("Paid with", row.payment_method))
    if account.cancel_at:
        return [*facts, Fact("Ends on", day(account.cancel_at))]
    goes_on = "Changes on" if row.scheduled_at else "Renews on"
    label = "Trial until" if row.status == "trialing" else goes_on
    return [*facts, Fact(label, day(account.current_period_end))]
