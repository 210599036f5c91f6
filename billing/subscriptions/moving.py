"""Subscribers moved on purpose to the prices and usage terms that the catalogue has today.

Nobody is moved by a change of the catalogue alone. Who is moved pays the new price from the next period
on (Stripe prorates nothing), has the new usage terms at once, and is told by mail. Whom a run has moved
the next one leaves alone, so it can be ended and begun again anywhere. Who has scheduled a change is left
to a run after that has come: its schedule holds the price that was shown with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import stripe
from django.db import transaction

from billing.catalogue import Interval, Plan
from billing.models import LIVE, Account, PlanTerms, Subscription, plan_item
from billing.selling import prices, terms
from billing.stripe_client import client
from billing.subscriptions import projection, scheduled, subscription
from metering.wording import money_in_words


@dataclass(frozen=True)
class Move:
    """A subscriber who pays other than the catalogue says today."""

    row: Subscription
    plan: Plan
    price: stripe.Price
    terms: PlanTerms

    @property
    def words(self) -> str:
        """Like "Acme (acme): 2,500 to 2,900 usd a month from 1 May 2026, other usage terms"."""
        changes = []
        if self.row.price_id != self.price.id:
            changes.append(f"{_price(self.row.amount, self.row.currency)} to "
                           f"{_price(self.price.unit_amount, self.price.currency)} "
                           f"a {self.row.interval} from {self.row.period_end:%-d %B %Y}")  # fmt: skip
        if self.row.terms_id != self.terms.pk:
            changes.append("the usage terms of today")
        tenant = self.row.tenant
        return f"{tenant.name} ({tenant.slug}): {', '.join(changes)}"


def due(plan: Plan, *, slug: str = "") -> Iterator[Move]:
    """Who of a plan would be moved, by row; reads our own rows, and each price once from Stripe.

    Raises prices.NotForSale, stripe.StripeError.
    """
    now = terms.current(plan)
    rows = Subscription.objects.filter(
        plan_key=plan.key, status__in=LIVE, scheduled_at=None, tenant__purged_at=None
    ).select_related("tenant", "terms")
    if slug:
        rows = rows.filter(tenant__slug=slug)
    known: dict[tuple[str, str], stripe.Price] = {}
    for row in rows.order_by("pk").iterator():
        key = (row.interval, row.currency)
        if key not in known:
            known[key] = prices.find(plan, *_interval(key))
        move = Move(row, plan, known[key], now)
        if (row.price_id, row.terms_id) != (move.price.id, now.pk):
            yield move


def make(move: Move) -> None:
    """Move one at Stripe; whoever sees it there first writes it down, with the mail and in the audit log
    (`subscription.sync`). Safe to repeat.

    Raises stripe.StripeError, subscription.NoSubscription.
    """
    account = Account.objects.select_related("tenant").get(tenant_id=move.row.tenant_id)
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        current = subscription.newest(account.stripe_customer_id)
        if current is None or current.id != move.row.stripe_id or current.status not in LIVE:
            raise subscription.NoSubscription
        item = plan_item(current)
        if item is None or item.price.metadata["plan"] != move.plan.key:
            raise subscription.NoSubscription  # it has changed its plan a moment ago
        if scheduled.comes(current):
            raise subscription.NoSubscription  # and this one is about to
        client().v1.subscriptions.update(
            current.id,
            {
                "items": [{"id": item.id, "price": move.price.id}],
                "proration_behavior": "none",
                "metadata": {terms.METADATA: move.terms.digest, projection.MOVED: move.price.id},
            },
        )
    subscription.sync(account, origin=Account.Origin.CHECK)


def _price(amount: int | None, currency: str) -> str:
    return "a price in tiers" if amount is None else money_in_words(amount, currency)


def _interval(key: tuple[str, str]) -> tuple[Interval, str]:
    return ("year" if key[0] == "year" else "month"), key[1]
