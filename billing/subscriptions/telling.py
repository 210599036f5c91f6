"""Who hears of a change that is no change of plan: seats, interval, a code, and what is scheduled.

Told by comparing the projection before and after, in the transaction that writes it: so it is told once,
whoever saw it first. That a plan changed is told by `subscription.sync` itself.
"""

from __future__ import annotations

from billing import catalogue
from billing.models import LIVE, Account, Subscription
from billing.subscriptions import letters
from identity.models import User
from metering.wording import money_in_words
from tenants import audit


def before(stripe_id: str | None) -> Subscription | None:
    """The row as we knew it; None where we knew nothing."""
    return Subscription.objects.filter(stripe_id=stripe_id).first() if stripe_id else None


def differences(
    account: Account, was: Subscription | None, row: Subscription, *, by: User | None
) -> None:
    """Note and mail what is other than it was, in the current transaction."""
    if was is None or row.status not in LIVE:
        return
    said = _now(was, row)
    if said and was.plan_key == row.plan_key:
        details = {"seats": row.quantity, "interval": row.interval}
        audit.note(
            account.tenant, "subscription.changed", by=by, target=row.plan_key, details=details
        )
        letters.subscription_changed(account, row, what=" ".join(said), by=by)
    for name in _new_discounts(was, row):
        audit.note(account.tenant, "promotion.applied", by=by, target=name)
    if _scheduled(was) == _scheduled(row):
        return
    if row.scheduled_at is not None and row.scheduled_plan_key:
        to = {"to": row.scheduled_plan_key, "at": row.scheduled_at.isoformat(),
              "seats": row.scheduled_quantity, "interval": row.scheduled_interval}  # fmt: skip
        audit.note(account.tenant, "change.scheduled", by=by, target=row.plan_key, details=to)
        letters.change_scheduled(account, row, what=scheduled_words(row), by=by)
    elif was.scheduled_plan_key and row.scheduled_at is None and not _came(was, row):
        audit.note(account.tenant, "change.revoked", by=by, target=was.scheduled_plan_key)
        if row.plan_key == was.plan_key and not said and row.cancel_at is None:
            letters.change_revoked(account, was, what=scheduled_words(was), by=by)


def scheduled_words(row: Subscription) -> str:
    """Like "Pro for $29.00 a month", or "Team with 3 seats for $36.00 a month"."""
    plan = _plan(row.scheduled_plan_key)
    name = plan.name if plan else row.scheduled_plan_key
    seats = row.scheduled_quantity or 1
    words = f"{name} with {seats:,} seats" if plan and plan.per_seat else name
    if row.scheduled_amount is None:
        return words
    cost = money_in_words(row.scheduled_amount * seats, row.currency)
    return f"{words} for {cost} a {row.scheduled_interval}"


def _now(was: Subscription, row: Subscription) -> list[str]:
    said = []
    plan = _plan(row.plan_key)
    if was.quantity != row.quantity and plan and plan.per_seat:
        said.append(f"It has {row.quantity:,} seats now; it had {was.quantity:,}.")
    if was.interval != row.interval:
        said.append(f"It is paid by the {row.interval} now.")
    return said


def _new_discounts(was: Subscription, row: Subscription) -> list[str]:
    """By Stripe's id of the discount, which a coupon's new name leaves as it is; rows from before there
    were ids here have names only."""
    known = {each.get(key) for each in was.discounts for key in ("id", "name")}
    return [each["name"] for each in row.discounts if not {each.get("id"), each["name"]} & known]


def _scheduled(row: Subscription) -> tuple[object, ...]:
    return (
        row.scheduled_at,
        row.scheduled_plan_key,
        row.scheduled_interval,
        row.scheduled_quantity,
    )


def _came(was: Subscription, row: Subscription) -> bool:
    """Whether the schedule did what it said."""
    then = (was.scheduled_plan_key, was.scheduled_interval, was.scheduled_quantity)
    return (row.plan_key, row.interval, row.quantity) == then


def _plan(key: str) -> catalogue.Plan | None:
    try:
        return catalogue.plan(key)
    except KeyError:
        return None
