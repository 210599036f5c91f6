"""What billing tells on the page of a workspace for staff, and how an invoice is found."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from djstripe import models as mirror

from billing import catalogue, reconciling
from billing.models import Account
from billing.pages import staff_differences
from billing.subscriptions import invoices
from metering import wording
from staff import finding, navigation, panels
from staff.finding import Found
from tenants.models import Tenant

_INVOICES, _DIFFERENCES = 10, 5


def register() -> None:
    """Panels of a workspace, and invoices in the search box."""
    panels.register("workspace", panels.Panel("Plan", "staff/facts.html", _plan, order=10))
    panels.register("workspace", panels.Panel("Invoices", "staff/links.html", _invoices, order=40))
    panels.register("workspace", panels.Panel("Money", "staff/links.html", _money, order=45))
    panels.register(
        "revenue", panels.Panel("Unreconciled differences", "staff/links.html", _differ, order=50)
    )
    navigation.register(navigation.Item("Differences", "staff_differences", order=32))
    finding.register(finding.Finder("Invoices", find))
    navigation.register(navigation.Item("Revenue", "staff_revenue", order=25))


def find(text: str, most: int) -> Sequence[Found]:
    """Invoices by their number, or by their id at Stripe."""
    rows = list(mirror.Invoice.objects.filter(stripe_data__number=text)[:most])
    rows += mirror.Invoice.objects.filter(id=text)[: most - len(rows)]
    found = []
    for row in rows:
        account = Account.objects.filter(stripe_customer_id=row.stripe_data.get("customer")).first()
        if account is not None:
            name = account.tenant.name
            url = reverse("staff_workspace", args=[account.tenant_id])
            found.append(Found(row.stripe_data.get("number") or row.id, name, url))
    return found


def _plan(tenant: Tenant) -> dict[str, object]:
    account = Account.objects.for_tenant(tenant).first()
    if account is None:
        return {"facts": [("Plan", "not opened yet")]}
    facts = [("Plan", catalogue.plan(account.plan_key).name), ("Status", account.status or "free")]
    if account.amount:
        price = wording.money_in_words(account.amount, account.currency)
        facts.append(("Price", f"{price} a {account.interval}"))
    if account.current_period_end:
        facts.append(("Paid until", f"{account.current_period_end:%-d %b %Y}"))
    if account.cancel_at:
        facts.append(("Ends", f"{account.cancel_at:%-d %b %Y}"))
    if account.trouble:
        facts.append(("Trouble", account.trouble))
    return {"facts": facts}


def _invoices(tenant: Tenant) -> dict[str, object]:
    account = Account.objects.for_tenant(tenant).first()
    found = invoices.of(account)[:_INVOICES] if account else []
    return {
        "links": [
            {
                "title": f"{each.number}: {wording.money_in_words(each.amount, each.currency)}",
                "text": f"{each.status_words}, {each.date:%-d %b %Y}",
                "url": each.url,
            }
            for each in found
        ]
    }


def _money(tenant: Tenant) -> dict[str, object]:
    pages = (
        ("Money history", "Plans, invoices, payments, refunds, disputes, credits", "staff_money"),
        ("Grants", "Give a plan, a credit or a longer trial", "staff_workspace_grants"),
    )
    return {
        "links": [
            {"title": title, "text": text, "url": reverse(route, args=[tenant.pk])}
            for title, text, route in pages
        ]
    }


def _differ(_: object) -> dict[str, object]:
    """The newest of them, each leading to the page of all."""
    all_of_them, count = reverse(staff_differences.ROUTE), reconciling.count()
    links = [
        {"title": row.what, "text": row.tenant.name if row.tenant else "", "url": all_of_them}
        for row in reconciling.unsettled(_DIFFERENCES)
    ]
    note = f"{count - len(links):,} more" if count > len(links) else "Compared each night."
    return {"links": links, "note": note}
