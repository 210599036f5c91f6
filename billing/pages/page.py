"""What the billing pages show, ready for templates without logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing import catalogue
from billing.catalogue import Interval, Plan
from billing.models import Account
from billing.pages import usage_page
from billing.pages.usage_page import Charged, Running
from billing.selling import entitlements, pricing
from billing.selling.forms import Choice
from billing.subscriptions import invoices
from billing.subscriptions.invoices import Invoice
from metering import wording
from metering.pages import Gauge, gauges

_STATUS = {  # Stripe's status: words, kind of badge
    "active": ("Active", "success"),
    "trialing": ("Trial", "info"),
    "past_due": ("Payment failed", "warn"),
    "unpaid": ("Unpaid", "error"),
    "paused": ("Paused", "warn"),
}
_TROUBLE = {
    "past_due": "The last payment failed. It is tried again in the next days, and nothing changes "
    "until then.",
    "unpaid": "The payments failed, so the workspace has the limits of the free plan. Nothing was "
    "deleted.",
    "paused": "The subscription is paused, so the workspace has the limits of the free plan.",
}


@dataclass(frozen=True)
class PlanCard:
    """One plan of the price list as this workspace sees it. Without a `label` it has no button."""

    plan: pricing.PublicPlan
    price: str
    period: str
    is_current: bool
    label: str
    note: str


@dataclass(frozen=True)
class IntervalTab:
    label: str
    url: str
    current: bool


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
    gauges: Sequence[Gauge]
    interval: Interval
    tabs: Sequence[IntervalTab]
    cards: Sequence[PlanCard]
    running: Sequence[Running]
    spend_limit: str
    charged: Sequence[Charged]
    invoices: Sequence[Invoice]
    may_manage: bool
    may_pay: bool

    @classmethod
    def of(
        cls, account: Account, *, interval: Interval, may_manage: bool, may_pay: bool
    ) -> BillingPage:
        """The page of a workspace for somebody who may, or may not, manage and pay."""
        plan = entitlements.plan_of(account)
        status, kind = _STATUS.get(account.status, ("", ""))
        if account.cancel_at:
            status, kind = "Cancelled", "warn"
        listed = invoices.of(account)
        return cls(
            account=account,
            plan=plan,
            status=status,
            status_kind=kind,
            words=_words(account, plan),
            facts=_facts(account, plan),
            period_end=day(account.current_period_end),
            trouble=_TROUBLE.get(account.status, ""),
            gauges=gauges(account.tenant),
            interval=interval,
            tabs=[
                IntervalTab("Monthly", "?interval=month", interval == "month"),
                IntervalTab("Yearly", "?interval=year", interval == "year"),
            ],
            cards=[_card(plan, account, interval) for plan in catalogue.plans() if plan.for_sale],
            running=usage_page.running(account.tenant, plan),
            spend_limit=usage_page.spend_limit(account.tenant, plan),
            charged=usage_page.charged(account.tenant, {one.stripe_id: one for one in listed}),
            invoices=listed,
            may_manage=may_manage,
            may_pay=may_pay,
        )


@dataclass(frozen=True)
class ChangePage:
    """What a change of plan would mean, before it is done."""

    choice: Choice
    title: str
    price: str
    lines: Sequence[str]
    gains: Sequence[str]

    @classmethod
    def of(cls, account: Account, choice: Choice) -> ChangePage:
        plan, interval = choice.plan, choice.interval
        return cls(
            choice=choice,
            title=f"Change from {plan_name(account)} to {plan.name}",
            price=f"{_price(plan, interval)} a {interval}",
            lines=_consequences(account, choice),
            gains=pricing.limits_in_words(plan),
        )


def plan_name(account: Account) -> str:
    return entitlements.plan_of(account).name


def day(moment: datetime | None) -> str:
    """Like "21 December 2026" (UTC)."""
    return f"{moment:%-d %B %Y}" if moment else "the end of the period"


def _words(account: Account, plan: Plan) -> str:
    if not account.has_subscription:
        return plan.summary
    if not account.cancel_at:
        return ""
    first = catalogue.plans()[0].name
    return (
        f"{plan.name} ends on {day(account.cancel_at)}. After that the workspace is on {first}; "
        "nothing is deleted."
    )


def _facts(account: Account, plan: Plan) -> list[Fact]:
    if not account.has_subscription:
        return [Fact("Price", f"{_price(plan, 'month')} for ever")]
    amount = wording.money_in_words(account.amount or 0, account.currency, short=True)
    facts = [Fact("Price", f"{amount} a {account.interval}")]
    if account.cancel_at:
        return [*facts, Fact("Ends on", day(account.cancel_at))]
    return [*facts, Fact("Renews on", day(account.current_period_end))]


def _price(plan: Plan, interval: Interval) -> str:
    return wording.money_in_words(plan.prices.get(interval, 0), plan.currency, short=True)


def _card(plan: Plan, account: Account, interval: Interval) -> PlanCard:
    same_plan = plan.key == account.plan_key
    is_current = same_plan and (plan.is_free or account.interval == interval)
    return PlanCard(
        plan=pricing.public(plan),
        price=_price(plan, interval),
        period="for ever" if plan.is_free else f"a {interval}",
        is_current=is_current,
        label="" if is_current or plan.is_free else _label(plan, account, interval),
        note=_free_note(account) if plan.is_free and not is_current else "",
    )


def _label(plan: Plan, account: Account, interval: Interval) -> str:
    if plan.key == account.plan_key:
        return f"Pay by the {interval}"
    return f"{'Upgrade' if _is_higher(plan, account) else 'Change'} to {plan.name}"


def _free_note(account: Account) -> str:
    if account.cancel_at:
        return f"Yours from {day(account.cancel_at)}"
    return "Yours again when you cancel your plan"


def _is_higher(plan: Plan, account: Account) -> bool:
    keys = [one.key for one in catalogue.plans()]
    return account.plan_key not in keys or keys.index(plan.key) > keys.index(account.plan_key)


def _consequences(account: Account, choice: Choice) -> list[str]:
    """Stripe's default prorations in words ("Prorations"): by the second, on the next invoice,
    except that another interval starts a new period with an invoice at once."""
    old, new = plan_name(account), choice.plan.name
    lines = [f"The limits of {new} hold at once."]
    if account.interval != choice.interval:
        lines.append(
            f"A new period starts today: {_price(choice.plan, choice.interval)} is charged now, "
            f"less what is left of the {account.interval} that you have paid for."
        )
    else:
        lines.append(
            f"What is left of {old} is credited by the second, and {new} is charged for the rest "
            f"of the period: both are on your next invoice, on {day(account.current_period_end)}."
        )
    if not _is_higher(choice.plan, account):
        lines.append("What is above the new limits stays and keeps working; you cannot add to it.")
    if account.cancel_at:
        lines.append("Your cancellation is taken back.")
    return [*lines, *usage_page.after_change(account.tenant, choice.plan)]
