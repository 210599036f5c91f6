"""What the page of a failed payment shows; read from our own rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing import catalogue, entitlements
from billing.models import Account, Subscription
from billing.subscriptions import invoices
from billing.subscriptions.invoices import Invoice
from metering import wording


@dataclass(frozen=True)
class PaymentPage:
    """`title` and `lines` say what has happened and what follows; `total` is what is open, in words.
    `asks`: the card's bank waits for its holder. `paid_with` names the card."""

    title: str
    lines: Sequence[str]
    total: str
    asks: bool
    is_settled: bool
    paid_with: str
    open: Sequence[Invoice]

    @classmethod
    def of(cls, account: Account) -> PaymentPage:
        """The page of a workspace for somebody who may pay."""
        found = invoices.open_of(account)
        failing = account.is_behind
        row = (
            Subscription.objects.for_tenant(account.tenant)
            .filter(stripe_id=account.subscription_id or "")
            .first()
        )
        currency = account.currency or account.pays_in
        total = sum(each.due for each in found) if found else account.owed
        settled = not failing and not found
        return cls(
            title=_title(account, settled),
            lines=_lines(account, settled),
            total=""
            if settled
            else wording.money_in_words(total, found[0].currency if found else currency),
            asks=account.asks_to_confirm,
            is_settled=settled,
            paid_with=row.payment_method if row else "",
            open=found,
        )


def _title(account: Account, settled: bool) -> str:
    if settled:
        return "Nothing is open"
    if account.asks_to_confirm:
        return "Your bank asks you to confirm the payment"
    return "A payment has failed"


def _lines(account: Account, settled: bool) -> list[str]:
    if settled:
        return ["All invoices are paid."]
    lines = []
    if account.asks_to_confirm:
        lines.append(
            "The bank of your card wants to know that it is you (3-D Secure). The button leads to its page, "
            "and back here."
        )
    else:
        lines.append(
            "The money could not be taken from your card. Please try it once more, or use another one."
        )
    first, plan = catalogue.plans()[0].name, entitlements.plan_of(account).name
    if account.grace_ended:
        lines.append(
            f"The workspace has the limits of {first} until it is paid. Nothing was deleted; once it is "
            "paid, all of it is back at once. Only what is listed here is asked for: whole periods with the "
            f"limits of {first} cost nothing."
        )
    elif account.grace_ends_at is not None:
        lines.append(
            f"{plan} stays yours until {account.grace_ends_at:%-d %B %Y}. After that the workspace has the "
            f"limits of {first} until it is paid; nothing is deleted."
        )
    return lines
