"""The metered items of a subscription, and the periods that they bill.

Items follow the plan and the terms that a workspace has; they are added and removed apart from the
change of a plan, without proration: a month whose price changed is billed from its statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
from django.db import transaction
from django.db.models import Q

from billing import catalogue as sold
from billing.models import LIVE, Account, MeteredPeriod, MeterExport, plan_item
from billing.selling import metered_catalogue as catalogue
from billing.selling import metered_prices as prices
from billing.stripe_client import client
from metering import Limit, periods, quotas
from metering.definitions import meters
from metering.periods import Month

_MINUTE = timedelta(minutes=1)


def follow(account: Account, *, now: datetime) -> None:
    """Give the subscription the metered items of its plan and terms, and open the periods they bill.

    Asks Stripe only where something is not as it should be. Raises stripe.StripeError.
    """
    month = periods.current("month", tenant=account.tenant, now=now)
    assert isinstance(month, Month)  # noqa: S101
    wanted = _wanted(account, month)
    rows = MeteredPeriod.objects.for_tenant(account.tenant)
    for period in rows.filter(state=MeteredPeriod.State.OPEN, period_end__gt=now):
        if period.meter not in wanted:  # it goes by meters no more, or its price has changed
            give_up(period)
    known = set(rows.filter(period_start=month.start).values_list("meter", flat=True))
    if wanted.keys() <= known and not rows.filter(_MUST_GO).exists():
        return
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        if account.subscription_id is None or account.status not in LIVE:
            rows.filter(_MUST_GO).update(has_item=False)  # it went with the subscription
            return
        subscription = client().v1.subscriptions.retrieve(account.subscription_id)
        there = _put_items(subscription, wanted)
        rows.filter(_MUST_GO).update(has_item=False)
        periods.forget(account.tenant.schema_name)
        now_is = periods.current("month", tenant=account.tenant, now=now)
        _open_periods(account, subscription, there, now_is)


_MUST_GO = Q(state=MeteredPeriod.State.GIVEN_UP, has_item=True)


def _wanted(account: Account, month: Month) -> Mapping[str, str]:
    """Lookup keys of the metered prices that the subscription should have, by meter. One whose price
    changed within the month has none until the next: nobody needs to know what an item that is added then
    counts of what came before it."""
    if account.status not in LIVE or account.interval != "month" or account.cancel_at:
        return {}  # a subscription's last invoice does not wait
    try:
        plan = sold.plan(account.plan_key)
    except KeyError:
        return {}
    known, currency = meters(), account.currency or plan.currency
    cut = periods.parts_of(account.tenant, month)
    return {
        key: prices.lookup_key(plan, key, currency, limit.price)
        for key, limit in quotas.limits_of(account.tenant).items()
        if limit.price and len(cut.get(key, ())) < 2 and prices.is_metered(plan, known[key], limit)
    }


def give_up(period: MeteredPeriod) -> None:
    """Let its statements bill it; what waits to be sent is sent no more."""
    with transaction.atomic():
        rows = MeteredPeriod.objects.filter(pk=period.pk, state=MeteredPeriod.State.OPEN)
        if rows.update(state=MeteredPeriod.State.GIVEN_UP):
            period.exports.filter(state=MeterExport.State.WRITTEN, tried_at=None).delete()
            period.charges.update(metered=None)


def _put_items(
    subscription: stripe.Subscription, wanted: Mapping[str, str]
) -> dict[str, stripe.SubscriptionItem]:
    """Make the items those of the wanted prices; returns them by meter."""
    ours = {
        item.price.lookup_key: item
        for item in subscription["items"].data
        if prices.USAGE_OF in (item.price.metadata or {})
    }
    found = catalogue.find([key for key in wanted.values() if key not in ours])
    keys = {key for key in wanted.values() if key in ours or key in found}
    changes: list[Any] = [
        {"id": item.id, "deleted": True} for key, item in ours.items() if key not in keys
    ]
    changes += [{"price": found[key].id} for key in sorted(keys) if key not in ours]
    if changes:
        subscription = client().v1.subscriptions.update(
            subscription.id, {"items": changes, "proration_behavior": "none"}
        )
    return {
        item.price.metadata[prices.METER]: item
        for item in subscription["items"].data
        if item.price.lookup_key in keys
    }


def _open_periods(
    account: Account,
    subscription: stripe.Subscription,
    items: Mapping[str, stripe.SubscriptionItem],
    month: periods.Period,
) -> None:
    """A row for each item whose period at Stripe is the workspace's month, with one price all along."""
    assert isinstance(month, Month)  # noqa: S101
    plan = plan_item(subscription)
    if plan is None or _moment(plan.current_period_start) != month.start:
        return
    for meter, item in items.items():
        if item.price.recurring is None:
            continue
        begins = max(month.start, _moment(item.created))
        MeteredPeriod.objects.get_or_create(
            tenant=account.tenant,
            meter=meter,
            period_start=month.start,
            defaults={
                "period_end": month.end,
                "begins": on_the_minute(begins),
                "exported_until": month.start,
                "customer_id": account.stripe_customer_id or "",
                "subscription_id": subscription.id,
                "price_id": item.price.id,
                "stripe_meter_id": item.price.recurring.meter or "",
            },
        )


def limit_in(period: MeteredPeriod) -> Limit:
    """What the period includes, by the limits in force."""
    return quotas.limits_of(period.tenant)[period.meter]


def on_the_minute(moment: datetime) -> datetime:
    """The first whole minute from this instant on: Stripe's summaries are by the minute."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + _MINUTE


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
