"""How what workspaces pay by the month moved: written once for each change, never changed.

`note` is called where the rows of a subscription are written, with the account locked. It compares what
is paid now with the last movement, so it says the same however often and in whatever order it is called;
what has been there before the first movement is a movement of its own, dated when it began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from billing.models import Account, MrrMovement, Subscription
from tenants.models import Tenant

Kind = MrrMovement.Kind


def note(
    account: Account, rows: Collection[Subscription], *, now: datetime | None = None
) -> list[MrrMovement]:
    """Write what changed, in the current transaction, given all subscriptions that the workspace has.
    Returns the movements that are new."""
    paid: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        paid[row.currency] += row.monthly
    last = last_of(account.tenant)
    # Less before more: who changes the currency ends in one before they begin in the other.
    wanted = {key: paid.get(key, 0) for key in {*paid, *last}}
    changed = [key for key, amount in wanted.items() if amount != _after(last.get(key))]
    made = []
    for currency in sorted(changed, key=lambda key: wanted[key] > _after(last.get(key))):
        own = [row for row in rows if row.currency == currency]
        made.append(_write(account.tenant, own, last, currency, wanted[currency], now))
    return made


def close(tenant: Tenant, *, now: datetime | None = None) -> list[MrrMovement]:
    """The workspace is gone for good, and pays nothing from now on."""
    return note(Account.objects.of(tenant), [], now=now)


def last_of(tenant: Tenant) -> dict[str, MrrMovement]:
    """The last movement in each currency of a workspace."""
    rows = MrrMovement.objects.for_tenant(tenant).order_by("currency", "-number")
    return {row.currency: row for row in rows.distinct("currency")}


def _after(movement: MrrMovement | None) -> int:
    return movement.after if movement else 0


def _write(
    tenant: Tenant,
    rows: Collection[Subscription],
    last: dict[str, MrrMovement],
    currency: str,
    amount: int,
    now: datetime | None,
) -> MrrMovement:
    former = last.get(currency)
    before = _after(former)
    about = _about(rows)
    at = _moment(about, began=not before, ended=not amount, now=now or timezone.now())
    movement = MrrMovement.objects.create(
        tenant=tenant,
        currency=currency,
        number=former.number + 1 if former else 1,
        kind=_kind(before, amount, is_known=bool(last)),
        before=before,
        after=amount,
        plan_key=about.plan_key if about else (former.plan_key if former else ""),
        subscription_id=about.stripe_id if about else (former.subscription_id if former else ""),
        at=max(at, former.at) if former else at,
    )
    last[currency] = movement
    return movement


def _kind(before: int, after: int, *, is_known: bool) -> MrrMovement.Kind:
    if not before:
        return Kind.REACTIVATION if is_known else Kind.NEW
    if not after:
        return Kind.CHURN
    return Kind.EXPANSION if after > before else Kind.CONTRACTION


def _about(rows: Collection[Subscription]) -> Subscription | None:
    """The subscription that the change is most likely about: one that pays, or else the newest."""
    return max(rows, key=lambda row: (row.monthly > 0, row.started_at), default=None)


def _moment(row: Subscription | None, *, began: bool, ended: bool, now: datetime) -> datetime:
    """When it happened at Stripe, where its row says so: news may come late."""
    if row is None:
        return now
    if ended:
        return row.ended_at or now
    if began:
        trial = row.trial_end if row.trial_end and row.trial_end <= now else None
        return max(row.started_at, trial) if trial else row.started_at
    return now
