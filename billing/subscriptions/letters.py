"""What owners are told by mail of their plan, whoever changed it and wherever."""

from __future__ import annotations

from datetime import datetime

from billing import catalogue
from billing.models import Account
from identity.models import User
from tenants import letters, workspace_url


def plan_changed(account: Account, *, before: str, by: User | None) -> None:
    """The workspace is on another plan now."""
    old, new = _name(before), _name(account.plan_key)
    lines = [f"The workspace “{account.tenant}” is on {new} now; it was on {old}. {_who(by)}"]
    if account.has_subscription:
        lines.append("What that costs, and the invoice, is on the billing page.")
    else:
        lines.append(
            "Nothing was deleted. What is above the limits of the new plan stays readable."
        )
    _tell(account, subject=f"{account.tenant} is on {new}", lines=lines)


def canceled(account: Account, *, plan: str, ends_at: datetime, by: User | None) -> None:
    """The subscription will end, and can be kept until then."""
    day = f"{ends_at:%-d %B %Y}"
    first = catalogue.plans()[0].name
    lines = [
        f"{_name(plan)} of the workspace “{account.tenant}” ends on {day}. {_who(by)}",
        f"After that the workspace is on {first}, and nothing is deleted. Until then an owner can keep "
        "the plan, on the billing page.",
    ]
    _tell(account, subject=f"{_name(plan)} of {account.tenant} ends on {day}", lines=lines)


def resumed(account: Account, *, by: User | None) -> None:
    """The cancellation was taken back."""
    name = _name(account.plan_key)
    lines = [
        f"{name} of the workspace “{account.tenant}” goes on, and renews as before. {_who(by)}"
    ]
    _tell(account, subject=f"{name} of {account.tenant} goes on", lines=lines)


def payment_failed(account: Account) -> None:
    """Stripe could not take the money, and tries again: owners find it under the bell, once for a
    period that is not paid."""
    period = account.current_period_end
    letters.ring(
        letters.owners_of(account.tenant),
        title=f"A payment for {account.tenant} has failed",
        text="Our payment provider tries again in the next days, and nothing stops working meanwhile. "
        "Please look whether the card is still the right one.",
        path="/billing/",
        tenant=account.tenant,
        once=f"payment failed:{account.subscription_id}:{period:%Y-%m-%d}" if period else "",
    )


def _tell(account: Account, *, subject: str, lines: list[str]) -> None:
    letters.tell(
        letters.owners_of(account.tenant),
        subject=subject,
        lines=lines,
        tenant=account.tenant,
        url=workspace_url(account.tenant, "/billing/"),
        label="Open the billing page",
        bell="/billing/",
    )


def _name(plan_key: str) -> str:
    try:
        return catalogue.plan(plan_key).name
    except KeyError:
        return plan_key


def _who(by: User | None) -> str:
    return f"{by} ({by.email}) did this." if by else "Our payment provider told us so."
