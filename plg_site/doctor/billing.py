"""Workspaces whose subscription could not be brought up to date, and events that failed here."""

from __future__ import annotations

from collections.abc import Iterator

from billing import webhooks
from billing.models import Account
from plg_site.doctor.findings import Finding, fine, problem

TITLE = "Billing"
_SHOWN = 5


def look() -> Iterator[Finding]:
    troubled = Account.objects.exclude(trouble="").order_by("-tries", "pk")
    for account in troubled[:_SHOWN]:
        customer = account.stripe_customer_id or "no customer"
        yield problem(
            f"{account.tenant} ({customer}): {account.trouble}",
            "Mend it at Stripe, then run manage.py ask_stripe.",
            tenant=str(account.tenant_id),
            tries=account.tries,
        )
    if (more := troubled.count() - _SHOWN) > 0:
        yield problem(f"... and {more:,} more", "They are the accounts with a trouble.", more=more)
    if count := webhooks.not_processed().count():
        yield problem(
            f"{count:,} webhooks were believed and failed here",
            "Mend what the log says, then run manage.py take_stripe_events --failed.",
            failed=count,
        )
    if not troubled.exists() and not count:
        yield fine("every account is as Stripe says")
