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
    wanted = _wanted(account)
    month = periods.current("month", tenant=account.tenant, now=now)
    assert isinstance(month, Month)  # noqa: S101
    open_now = MeteredPeriod.objects.for_tenant(account.tenant).filter(
        state=MeteredPeriod.State.OPEN, period_end__gt=now
    )
    _give_up_cut(account, open_now, month, wanted)
    known = MeteredPeriod.objects.for_tenant(account.tenant).filter(period_start=month.start)
    is_open = set(wanted) <= set(known.values_list("meter", flat=True))
    if is_open and (wanted or not _ever(account)):
        return
    with transaction.atomic():
        account = Account.objects.locked(account.pk)
        if account.subscription_id is None or account.status not in LIVE:
            return
        subscription = client().v1.subscriptions.retrieve(account.subscription_id)
        there = _put_items(subscription, wanted)
        if there:
            periods.forget(account.tenant.schema_name)
            month_now = periods.current("month", tenant=account.tenant, now=now)
            _open_periods(account, subscription, there, month_now, now)


def _ever(account: Account) -> bool:
    """Whether items may be left that the plan does not have any more."""
    rows = MeteredPeriod.objects.for_tenant(account.tenant)
    return rows.filter(state=MeteredPeriod.State.OPEN).exists()


def _wanted(account: Account) -> Mapping[str, str]:
    """Lookup keys of the metered prices that the subscription should have, by meter."""
    if account.status not in LIVE or account.interval != "month" or account.cancel_at:
        return {}  # a subscription's last invoice does not wait
    try:
        plan = sold.plan(account.plan_key)
    except KeyError:
        return {}
    known, currency = meters(), account.currency or plan.currency
    return {
        key: prices.lookup_key(plan, key, currency, limit.price)
        for key, limit in quotas.limits_of(account.tenant).items()
        if limit.price and prices.is_metered(plan, known[key], limit)
    }


def _give_up_cut(account: Account, rows: Any, month: Month, wanted: Mapping[str, str]) -> None:
    """What was priced in another way before, or goes by meters no more, is left to the statements."""
    periods_open = list(rows)
    if not periods_open:
        return
    cut = periods.parts_of(account.tenant, month)
    for period in periods_open:
        if len(cut.get(period.meter, ())) > 1 or period.meter not in wanted:
            give_up(period)


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
        {"id": item.id, "deleted": True, "clear_usage": True}
        for key, item in ours.items()
        if key not in keys
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
    now: datetime,
) -> None:
    """A row for each item whose period at Stripe is the workspace's month, with one price all along."""
    assert isinstance(month, Month)  # noqa: S101
    plan = plan_item(subscription)
    if plan is None or _moment(plan.current_period_start) != month.start:
        return
    cut = periods.parts_of(account.tenant, month)
    for meter, item in items.items():
        if len(cut.get(meter, ())) > 1 or item.price.recurring is None:
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
