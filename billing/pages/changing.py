"""The page of a change before it is made: every line of what is charged now, what comes next, what no longer
fits. Ready for a template without logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from billing.models import Account
from billing.pages import cards, page, usage_page
from billing.selling import pricing
from billing.selling.forms import Choice
from billing.subscriptions import scheduled
from billing.subscriptions.changing import fitting, offers
from billing.subscriptions.changing.asking import Bill
from billing.subscriptions.changing.fitting import Overhang
from billing.subscriptions.changing.making import Looked
from metering.wording import money_in_words


@dataclass(frozen=True)
class Shown:
    """An invoice to be. `rows` are words and amounts, `sums` what follows below them; `due_words` name
    what is taken, which `due` is."""

    caption: str
    rows: Sequence[tuple[str, str]]
    sums: Sequence[tuple[str, str]]
    due_words: str
    due: str
    note: str


@dataclass(frozen=True)
class ChangePage:
    """`offer` is the signed offer ("": there is nothing to confirm), `when_words` when it comes."""

    title: str
    choice: Choice
    price: str
    offer: str
    label: str
    code: str
    code_name: str
    lines: Sequence[str]
    now: Shown | None
    next: Shown | None
    overhang: Sequence[Overhang]
    gains: Sequence[str]
    refused: str

    @classmethod
    def of(cls, account: Account, looked: Looked, *, refused: str = "") -> ChangePage:
        """What a person sees who looks at a change; `refused`: why the last one was not made."""
        wanted, choice = looked.wanted, looked.wanted.choice
        offer = "" if looked.offer is None else offers.sign(looked.offer)
        fits = wanted.when == "never"
        return cls(
            title=_title(account, looked),
            choice=choice,
            price=cards.price_of(choice),
            offer=offer,
            label=_label(looked),
            code=wanted.code.text if wanted.code else "",
            code_name=wanted.code.name if wanted.code else "",
            lines=_lines(account, looked),
            now=_now(looked.asked.now),
            next=_next(looked),
            overhang=[]
            if fits
            else fitting.overhang(
                account.tenant, choice.plan, currency=choice.currency, seats=choice.seats
            ),
            gains=pricing.limits_in_words(choice.plan, choice.currency),
            refused=refused,
        )


def _title(account: Account, looked: Looked) -> str:
    wanted, plan = looked.wanted, looked.wanted.choice.plan
    if wanted.when == "never":
        return f"Use the code {wanted.code.text}" if wanted.code else f"You are on {plan.name}"
    if plan.key != account.plan_key:
        return f"Change from {page.plan_name(account)} to {plan.name}"
    if wanted.interval_changes:
        return f"Pay for {plan.name} by the {wanted.choice.interval}"
    return f"{plan.name} with {wanted.choice.seats:,} seats"


def _label(looked: Looked) -> str:
    wanted, due = looked.wanted, looked.asked.now.due if looked.asked.now else 0
    if wanted.when == "never":
        return "Use this code"
    if wanted.when == "period_end":
        return "Change it then"
    if due:
        return f"Change and pay {money_in_words(due, looked.current.currency)}"
    return "Change now"


def _lines(account: Account, looked: Looked) -> list[str]:
    wanted, choice = looked.wanted, looked.wanted.choice
    plan, old = choice.plan.name, page.plan_name(account)
    end = page.day(account.current_period_end)
    lines = []
    if wanted.is_nothing:
        return ["There is nothing to change: this is what you have."]
    if wanted.code is not None:
        lines.append(f"The code {wanted.code.text} is used: {_code_words(looked)}.")
    if wanted.when == "period_end":
        lines.append(
            f"Until {end} all stays as it is, and you keep what you have paid for. "
            f"Then: {cards.price_of(choice)}."
        )
        lines.append("You can take that back until then, on the billing page.")
    elif wanted.when == "now":
        lines += _at_once(looked, plan=plan, old=old)
        if account.cancel_at:
            lines.append("Your cancellation is taken back.")
        if scheduled.comes(looked.current):
            lines.append("What was scheduled for the end of the period does not happen.")
    if wanted.when != "never":
        lines += usage_page.after_change(account.tenant, choice) if wanted.when == "now" else []
    return lines


def _at_once(looked: Looked, *, plan: str, old: str) -> list[str]:
    wanted, now = looked.wanted, looked.asked.now
    lines = [f"The limits of {plan} hold at once."]
    if now is None:
        return [*lines, "Nothing is charged before the trial ends."]
    if wanted.ends_trial:
        lines.append(
            f"{plan} cannot be tried, so the trial ends and the first period begins today."
        )
    elif wanted.interval_changes:
        lines.append(
            "A new period starts today; what is left of the old one is credited by the second."
        )
    else:
        lines.append("What is left of the period is credited and charged by the second.")
    if now.due:
        lines.append("If the payment does not go through, nothing changes.")
    return lines


def _code_words(looked: Looked) -> str:
    code = looked.wanted.code
    if code is None:
        return ""
    lasts = {"once": "for one invoice", "forever": "for as long as you subscribe"}
    months = "one month" if code.months == 1 else f"{code.months} months"
    return f"{code.name}, {lasts.get(code.duration, f'for {months}')}"


def _now(bill: Bill | None) -> Shown | None:
    if bill is None:
        return None
    note = ""
    if bill.credit:
        amount = money_in_words(bill.credit, bill.currency)
        note = f"{amount} stay with your account as credit, and pay for your next invoices."
    return _shown(bill, "Charged now", "You pay now", note)


def _next(looked: Looked) -> Shown | None:
    bill, now = looked.asked.next, looked.asked.now
    if bill is None:
        return None
    if now is not None:  # Stripe cannot know yet what the change uses of a credit, or leaves
        left = -now.credit
        bill = replace(bill, balance=left, due=max(0, bill.total + left))
    caption = f"Your next invoice, on {page.day(bill.at)}"
    note = "As far as it is known today: usage above the plan has an invoice of its own."
    return _shown(bill, caption, "You pay then", note)


def _shown(bill: Bill, caption: str, due_words: str, note: str) -> Shown:
    def said(amount: int) -> str:
        return money_in_words(amount, bill.currency)

    sums = []
    if bill.discount:
        sums.append(("Discount", said(-bill.discount)))
    if bill.tax:
        sums.append(("Tax", said(bill.tax)))
    if bill.balance < 0 and bill.total > 0:
        sums.append(("Credit that you have", said(max(bill.balance, -bill.total))))
    elif bill.balance > 0:
        sums.append(("Owed from before", said(bill.balance)))
    rows = [(words, said(amount)) for words, amount in bill.lines]
    return Shown(caption, rows, sums, due_words, said(bill.due), note)
