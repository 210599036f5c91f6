"""Mails about invoices and payments: to the owners, and to billing contacts who said yes to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import stripe
from django.utils import timezone

from billing import catalogue
from billing.models import Account, BillingContact
from billing.subscriptions import contact_links
from metering.wording import money_in_words
from tenants import letters, workspace_url

Event = Mapping[str, str | int | None]


def attempt_failed(
    account: Account, *, once: str, event: Event, again: datetime | None, asks: bool
) -> None:
    """One attempt to take the money failed, or (`asks`) its card's bank wants the holder to confirm;
    `again` is when Stripe tries next."""
    amount = money_in_words(int(event["amount"] or 0), str(event["currency"]))
    values = {"amount": amount, **_grace(account)}
    if asks:  # by the same fact: of one attempt comes one mail
        _tell(account, "payment_asks", values, once=once, event=event)
        return
    is_first = int(event["attempt"] or 1) <= 1
    name = "payment_failed" if is_first else "payment_failed_again"
    _tell(account, name, {**values, "again": _day(again)}, once=once, event=event)


def last_notice(account: Account, *, ends_at: datetime) -> None:
    """The plan is lost in a few days; once for a failure."""
    values = {"amount": _owed(account), **_grace(account)}
    _tell(account, "payment_last_notice", values, once=_fact("last-notice", account, ends_at))


def lost(account: Account, *, since: datetime, plan: str) -> None:
    """The workspace is on the first plan, because nobody paid; once for a failure."""
    then = (
        "Once the open invoice is paid, all of it is back at once."
        if account.has_subscription
        else "The subscription has ended. You can choose a plan again at any time."
    )
    values = {"first_plan": catalogue.plans()[0].name, "plan": _name(plan), "then": then}
    _tell(account, "payment_lost", values, once=_fact("lost", account, since), bell=True)


def recovered(account: Account, *, since: datetime, was_lost: bool) -> None:
    """It is paid; once for a failure."""
    then = (
        "All that belongs to the plan is back."
        if was_lost
        else "Nothing has changed in the meantime."
    )
    values = {"plan": _name(account.plan_key), "then": then}
    _tell(account, "payment_recovered", values, once=_fact("recovered", account, since), bell=True)


def invoice_paid(account: Account, invoice: stripe.Invoice, *, paid_at: datetime) -> None:
    """To those who were billing contacts then, once an invoice: owners find it on the billing page."""
    values = {
        "amount": money_in_words(invoice.amount_paid, invoice.currency),
        "number": invoice.number or str(invoice.id),
        "invoice_url": invoice.hosted_invoice_url or "",
        "pdf_url": invoice.invoice_pdf or "",
    }
    once = f"invoice-paid:{invoice.id}"
    _to_contacts(account, "invoice_paid", values, once=once, since=paid_at)


def _tell(
    account: Account,
    name: str,
    values: Mapping[str, str],
    *,
    once: str,
    event: Event | None = None,
    bell: bool = False,
) -> None:
    said = {f"event.{key}": str(value) for key, value in (event or {}).items() if value is not None}
    owners, path = letters.owners_of(account.tenant), "/billing/payment/"
    values = {"pay_url": workspace_url(account.tenant, path), **values, **said}
    if bell:
        brief = {**values, "stop_url": ""}
        letters.ring_as(owners, f"billing.{name}", brief, path="/billing/", tenant=account.tenant)
    for owner in owners:
        letters.send(
            f"billing.{name}",
            {**values, "stop_url": ""},
            to=owner.email,
            user=owner,
            tenant=account.tenant,
            once=f"{once}:{owner.pk}",
        )
    known = {owner.email.lower() for owner in owners}
    _to_contacts(account, name, values, once=once, without=known)


def _to_contacts(
    account: Account,
    name: str,
    values: Mapping[str, str],
    *,
    once: str,
    without: frozenset[str] | set[str] = frozenset(),
    since: datetime | None = None,
) -> None:
    rows = BillingContact.objects.for_tenant(account.tenant)
    rows = rows.filter(confirmed_at__lte=since or timezone.now())
    for contact in rows.order_by("pk")[: BillingContact.MOST]:
        if contact.email.lower() in without:
            continue
        letters.send(
            f"billing.{name}",
            {**values, "stop_url": contact_links.url(contact)},
            to=contact.email,
            tenant=account.tenant,
            once=f"{once}:contact:{contact.pk}",
        )


def _grace(account: Account) -> dict[str, str]:
    """Until when the plan is kept, and which one comes then."""
    first = catalogue.plans()[0].name
    kept = _day(account.grace_ends_at) if not account.grace_ended else ""
    return {"kept_until": kept, "first_plan": first}


def _owed(account: Account) -> str:
    return money_in_words(account.owed, account.currency)


def _fact(what: str, account: Account, moment: datetime) -> str:
    return f"{what}:{account.stripe_customer_id}:{moment:%Y-%m-%dT%H:%M:%S}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%-d %B %Y}" if moment else ""


def _name(plan_key: str) -> str:
    try:
        return catalogue.plan(plan_key).name
    except KeyError:
        return plan_key
