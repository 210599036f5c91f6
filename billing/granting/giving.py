"""The one way in which staff give something, by the page and by `manage.py grant`, and take it back.

`give` writes the row and its line in the audit log in one transaction; what is to be had at Stripe is
asked for after that. When Stripe does not answer, the row says so, and the periodic check goes on
(`settling`): nothing is lost, and nothing given twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import catalogue, entitlements
from billing.entitlements import NotGranted
from billing.granting import credits, longer_trials
from billing.models import Account, StaffCredit, StaffGrant, TrialExtension
from identity.models import User
from metering.wording import money_in_words
from tenants import audit
from tenants.models import Tenant

What = Literal["plan", "feature", "credit", "trial"]
Row = StaffGrant | StaffCredit | TrialExtension
SHOWN = 100  # of each kind of one workspace


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be given. `plan`: which one; of a trial, the one that a workspace without a subscription
    gets. `amount` in minor units of `currency`."""

    what: What
    until: datetime
    reason: str
    plan: str = ""
    feature: str = ""
    amount: int = 0
    currency: str = ""


@dataclass(frozen=True)
class Given:
    """Something that staff gave, as a line. `key` names it for `revoke`."""

    key: str
    tenant_id: UUID
    workspace: str
    what: str
    given_at: datetime
    ends_at: datetime
    reason: str
    by: str
    state: str
    is_running: bool

    @property
    def until(self) -> str:
        """Like "End of 1 Mar 2027": what ends at midnight is given until the end of a day (UTC)."""
        ends = self.ends_at.astimezone(UTC)
        if ends.time() == time():
            return f"End of {ends - timedelta(days=1):%-d %b %Y}"
        return f"{ends:%-d %b %Y, %H:%M}"


def give(tenant: Tenant, wish: Wish, *, by: User | None, now: datetime | None = None) -> Row:
    """Give it; what is to be had at Stripe is there when this returns.

    Raises NotGranted, and then nothing is given; stripe.StripeError: then it is written down, and
    brought to Stripe later.
    """
    now = now or timezone.now()
    reason = wish.reason.strip()[:300]
    if not reason:
        raise NotGranted("Say why.")
    if wish.until <= now:
        raise NotGranted("The end lies in the past.")
    row = _write(tenant, wish, reason=reason, by=by, now=now)
    bring(row)
    return row


@transaction.atomic
def _write(tenant: Tenant, wish: Wish, *, reason: str, by: User | None, now: datetime) -> Row:
    if wish.what == "credit":
        return credits.begin(tenant, amount=wish.amount, currency=wish.currency, until=wish.until,
                             reason=reason, by=by, now=now)  # fmt: skip
    account = Account.objects.locked(Account.objects.of(tenant).pk)
    if wish.what == "trial" and longer_trials.running(account) is not None:
        return longer_trials.begin(tenant, until=wish.until, reason=reason, by=by, now=now)
    if wish.what == "trial" and account.has_subscription:
        raise NotGranted("This workspace pays already, so there is nothing to try.")
    plan = "" if wish.what == "feature" else wish.plan
    feature = wish.feature if wish.what == "feature" else ""
    return entitlements.give(tenant, plan=plan, feature=feature, until=wish.until, reason=reason,
                             by=by, now=now)  # fmt: skip


def bring(row: Row) -> None:
    """To Stripe, where it belongs there; safe to repeat. Raises stripe.StripeError."""
    if isinstance(row, StaffCredit):
        credits.make(row)
    elif isinstance(row, TrialExtension):
        longer_trials.make(row)
    row.refresh_from_db()


def revoke(tenant: Tenant, key: str, *, by: User | None, now: datetime | None = None) -> bool:
    """Take back what was given, as far as it is not used; False when it is over already.

    Raises KeyError for what this workspace was not given; stripe.StripeError: then it is written down, and
    taken back at Stripe later.
    """
    now = now or timezone.now()
    row = _named(tenant, key)
    if isinstance(row, StaffGrant):
        return entitlements.revoke(row, by=by, now=now)
    with transaction.atomic():
        mine = (
            type(row).objects.for_tenant(tenant).filter(pk=row.pk, is_over=False, revoked_at=None)
        )
        if not mine.update(revoked_at=now):
            row.refresh_from_db()
            if row.is_over:
                return False
        else:
            audit.note(tenant, _revoked(row), by=by, target=_what(row))
    finish(row)
    return True


def finish(row: StaffCredit | TrialExtension) -> None:
    """What its end means at Stripe; safe to repeat. Raises stripe.StripeError."""
    if isinstance(row, StaffCredit):
        credits.take_back(row)
    else:
        longer_trials.take_back(row)


def given_to(tenant: Tenant, *, now: datetime | None = None) -> Sequence[Given]:
    """What a workspace was given, the newest first; the newest hundred of each kind."""
    now = now or timezone.now()
    rows: list[Row] = []
    for model, at in _MODELS:
        rows += (
            model.objects.for_tenant(tenant)
            .select_related("by", "tenant")
            .order_by(f"-{at}")[:SHOWN]
        )
    return sorted((_line(row, now) for row in rows), key=lambda each: each.given_at, reverse=True)


def running(*, now: datetime | None = None, most: int = 200) -> Sequence[Given]:
    """What workspaces have now, that which ends first in front; at most so many of each kind."""
    now = now or timezone.now()
    rows: list[Row] = list(
        StaffGrant.objects.filter(ends_at__gt=now)
        .select_related("by", "tenant")
        .order_by("ends_at")[:most]
    )
    for model in (StaffCredit, TrialExtension):
        rows += (
            model.objects.filter(Q(is_over=False), refused="")
            .select_related("by", "tenant")
            .order_by("ends_at")[:most]
        )
    return sorted((_line(row, now) for row in rows), key=lambda each: each.ends_at)


_MODELS: Sequence[tuple[Any, str]] = (
    (StaffGrant, "starts_at"),
    (StaffCredit, "given_at"),
    (TrialExtension, "given_at"),
)
_KEYS: dict[str, Any] = {"grant": StaffGrant, "credit": StaffCredit, "trial": TrialExtension}


def _named(tenant: Tenant, key: str) -> Row:
    kind, _, number = key.partition("-")
    if kind not in _KEYS or not number.isascii() or not number.isdigit():
        raise KeyError(key)
    row = _KEYS[kind].objects.for_tenant(tenant).filter(pk=int(number[:18])).first()
    if row is None:
        raise KeyError(key)
    found: Row = row
    return found


def _line(row: Row, now: datetime) -> Given:
    kind = next(kind for kind, model in _KEYS.items() if isinstance(row, model))
    state = _state(row, now)
    return Given(
        key=f"{kind}-{row.pk}",
        tenant_id=row.tenant_id,
        workspace=row.tenant.name,
        what=_what(row),
        given_at=row.starts_at if isinstance(row, StaffGrant) else row.given_at,
        ends_at=row.ends_at,
        reason=row.reason,
        by=row.by.email if row.by else "the command line, or somebody who left",
        state=state,
        is_running=state in (_RUNNING, _ON_ITS_WAY),
    )


_RUNNING, _ON_ITS_WAY = "Running", "On its way to Stripe"


def _state(row: Row, now: datetime) -> str:
    if not isinstance(row, StaffGrant) and row.refused:
        return f"Not given: {row.refused}"
    if row.revoked_at:
        return "Revoked"
    if row.ends_at <= now or (not isinstance(row, StaffGrant) and row.is_over):
        return "Ended"
    if not isinstance(row, StaffGrant) and row.done_at is None:
        return _ON_ITS_WAY
    return _RUNNING


def _what(row: Row) -> str:
    if isinstance(row, StaffCredit):
        return f"Credit of {money_in_words(row.amount, row.currency)}"
    if isinstance(row, TrialExtension):
        return f"Longer trial, instead of {row.was:%-d %b %Y}"
    if row.feature:
        known = {each.key: each.label for each in catalogue.features()}
        return f"Feature: {known.get(row.feature, row.feature)}"
    plans = {plan.key: plan.name for plan in catalogue.plans()}
    return f"Plan: {plans.get(row.plan_key, row.plan_key)}"


def _revoked(row: StaffCredit | TrialExtension) -> str:
    return "credit.revoked" if isinstance(row, StaffCredit) else "trial.extension_revoked"
