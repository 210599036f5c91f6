"""Numbers about all subscriptions, for staff: from our own rows, a few bounded questions each.

Amounts are minor units of the currency that stands beside them; currencies are never added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from billing.models import LIVE, Account, MoneyEntry, MrrMovement, Subscription, UsageCharge
from tenants.models import Tenant

SOON = timedelta(days=7)
MONTHS = 12  # of the chart
_EARLIEST = 2000  # no month before is asked for


@dataclass(frozen=True)
class Standing:
    """How many subscriptions of a plan are in a state, and what they pay by the month."""

    plan_key: str
    status: str
    currency: str
    count: int
    seats: int
    monthly: int


def standing() -> Sequence[Standing]:
    """All live subscriptions, by plan, state and currency."""
    rows = Subscription.objects.filter(status__in=LIVE).values("plan_key", "status", "currency")
    counted = rows.annotate(count=Count("pk"), seats=Sum("quantity"), sum=Sum("monthly"))
    return [
        Standing(row["plan_key"], row["status"], row["currency"], row["count"], row["seats"], row["sum"])
        for row in counted.order_by("currency", "-sum", "plan_key", "status")
    ]  # fmt: skip


def mrr(standings: Collection[Standing]) -> Mapping[str, int]:
    """What is paid by the month now, by currency."""
    found: defaultdict[str, int] = defaultdict(int)
    for each in standings:
        found[each.currency] += each.monthly
    return dict(sorted(found.items()))


def usage_of(month: datetime) -> Mapping[str, int]:
    """What usage above plans was charged in this month, by currency; no part of the MRR."""
    rows = UsageCharge.objects.filter(created_at__gte=month, created_at__lt=after(month))
    summed = rows.values_list("currency").annotate(sum=Sum("amount")).order_by("currency")
    return dict(summed)


def moved(month: datetime) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Of each currency and kind: by how much, and how often, in this month."""
    rows = movements(month).values_list("currency", "kind")
    found: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for currency, kind, change, count in rows.annotate(
        change=Sum(F("after") - F("before")), count=Count("pk")
    ).order_by("currency", "kind"):
        found[currency][kind] = (change, count)
    return dict(found)


def movements(month: datetime) -> QuerySet[MrrMovement]:
    """Those of a month, the newest first."""
    rows: QuerySet[MrrMovement] = MrrMovement.objects.filter(at__gte=month, at__lt=after(month))
    return rows.select_related("tenant").order_by("-at", "-pk")


def by_month(last: datetime, currency: str) -> Mapping[datetime, Mapping[str, int]]:
    """The sums of each kind in a currency, in the twelve months that end with `last`."""
    months = [last]
    while len(months) < MONTHS:
        months.append(before(months[-1]))
    rows = MrrMovement.objects.filter(currency=currency, at__gte=months[-1], at__lt=after(last))
    summed = (
        rows.annotate(month=TruncMonth("at", tzinfo=UTC))
        .values_list("month", "kind")
        .annotate(change=Sum(F("after") - F("before")))
    )
    found: dict[datetime, dict[str, int]] = {month: {} for month in reversed(months)}
    for month, kind, change in summed:
        found[month][kind] = change
    return found


def currencies() -> Sequence[str]:
    """In which something has ever moved."""
    rows = MrrMovement.objects.order_by("currency").values_list("currency", flat=True)
    return list(rows.distinct())


def at_end_of(month: datetime) -> Mapping[str, int]:
    """What was paid by the month when this month ended, by currency."""
    rows = MrrMovement.objects.filter(at__lt=after(month)).values_list("currency")
    return dict(rows.annotate(sum=Sum(F("after") - F("before"))).order_by("currency"))


@dataclass(frozen=True)
class Failed:
    """An invoice that could not be paid. `again`: when Stripe tries next; None: not any more."""

    tenant: Tenant
    number: str
    url: str
    amount: int
    currency: str
    since: datetime
    attempts: int
    again: datetime | None
    status: str


def failed() -> QuerySet[MoneyEntry]:
    """Invoices that were tried and are not paid, the newest first."""
    rows: QuerySet[MoneyEntry] = MoneyEntry.objects.filter(
        kind="invoice", status="open", attempts__gt=0
    )
    return rows.select_related("tenant").order_by("-at", "-pk")


def failures(rows: Sequence[MoneyEntry]) -> Sequence[Failed]:
    """These rows of `failed`, with since when and how the subscription stands."""
    tenants: set[UUID] = {row.tenant_id for row in rows}
    first: Mapping[str, datetime] = dict(
        MoneyEntry.objects.filter(
            tenant__in=tenants, kind="payment", status="failed",
            invoice_id__in=[row.stripe_id for row in rows],
        )
        .values_list("invoice_id")
        .annotate(since=Min("at"))
    )  # fmt: skip
    states = dict(Account.objects.filter(tenant__in=tenants).values_list("tenant_id", "status"))
    return [
        Failed(
            row.tenant, row.number or row.stripe_id, row.url, row.rest, row.currency,
            first.get(row.stripe_id, row.at), row.attempts, row.due_at,
            states.get(row.tenant_id, ""),
        )
        for row in rows
    ]  # fmt: skip


def trials_ending(*, now: datetime | None = None) -> QuerySet[Subscription]:
    """Trials that end in the next seven days, the next one first."""
    now = now or timezone.now()
    rows: QuerySet[Subscription] = Subscription.objects.filter(
        Q(status="trialing"), trial_end__gt=now, trial_end__lte=now + SOON
    )
    return rows.select_related("tenant").order_by("trial_end", "pk")


def month_named(text: str, *, now: datetime | None = None) -> datetime:
    """The first instant of a month named like "2026-11", in UTC; this month for anything else."""
    today = now or timezone.now()
    year, _, month = text.partition("-")
    fits = len(text) == 7 and text.isascii() and year.isdigit() and month.isdigit()
    if fits and _EARLIEST <= int(year) <= today.year + 5 and 1 <= int(month) <= 12:
        return datetime(int(year), int(month), 1, tzinfo=UTC)
    return datetime(today.year, today.month, 1, tzinfo=UTC)


def after(month: datetime) -> datetime:
    """The month after a month."""
    years, index = divmod(month.month, 12)
    return month.replace(year=month.year + years, month=index + 1)


def before(month: datetime) -> datetime:
    """The month before a month."""
    return (month - timedelta(days=1)).replace(day=1)
