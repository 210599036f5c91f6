"""What usage costs, as the billing pages show it: so far, and what was charged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billing.models import UsageCharge
from billing.selling.forms import Choice
from billing.subscriptions.invoices import Invoice
from billing.usage import usage_words
from billing.usage.months import terms_of
from events.store import StoreUnavailable
from metering import Limit, Meter, asking, periods, quotas, wording
from metering.definitions import meters
from tenants.models import Tenant

SHOWN = 24


@dataclass(frozen=True)
class Running:
    """A meter with a price, in the running period."""

    label: str
    period: str
    used: str
    included: str
    price: str
    cost: str


@dataclass(frozen=True)
class Charged:
    """A charge with the statement it is for. `invoice` is None until Stripe has told of it."""

    label: str
    period: str
    used: str
    included: str
    above: str
    price: str
    amount: str
    note: str
    number: int
    invoice: Invoice | None


def running(tenant: Tenant, currency: str, *, now: datetime | None = None) -> Sequence[Running]:
    """What the running period has cost so far; nothing while usage cannot be read."""
    now = now or datetime.now(UTC)
    priced = {key: limit for key, limit in quotas.limits_of(tenant).items() if limit.price}
    try:
        over = quotas.earlier_in_the_month(tenant, priced, now=now)
        return [
            _running(tenant, meters()[key], limit, currency, now, over.get(key, quotas.NOTHING))
            for key, limit in priced.items()
        ]
    except StoreUnavailable:
        return []


def spend_limit(tenant: Tenant, currency: str) -> str:
    """What usage above the plan costs at most in a period, in words; "" where there is no end."""
    amount = quotas.own_limits_of(tenant).money
    return "" if amount is None else wording.money_in_words(amount, currency)


def charged(tenant: Tenant, invoices: Mapping[str, Invoice]) -> Sequence[Charged]:
    """The newest charges; `invoices` are the workspace's by their id at Stripe."""
    rows = UsageCharge.objects.for_tenant(tenant).exclude(amount=0).order_by("-pk")
    rows = rows.select_related("statement", "adjustment__in_statement", "invoice", "metered")
    return [_charged(row, invoices) for row in rows[:SHOWN]]


def after_change(tenant: Tenant, choice: Choice) -> Sequence[str]:
    """What was used so far in the running period, where it costs something: a change of plan does not
    change that."""
    priced = {key: limit for key, limit in quotas.limits_of(tenant).items() if limit.price}
    try:
        over = quotas.earlier_in_the_month(tenant, priced)
        used = {key: asking.current_usage(tenant, key, with_waiting=True) for key in priced}
    except StoreUnavailable:
        return []
    costs = {
        key: over.get(key, quotas.NOTHING).cost_so_far(limit, used[key])
        for key, limit in priced.items()
    }
    return [
        f"{usage_words.amount(meters()[key], used[key])} {meters()[key].label.lower()} so far cost "
        f"{wording.money_in_words(cost, choice.currency)}, and keep that price; what is used after the "
        f"change is priced by {choice.plan.name}."
        for key, cost in costs.items()
        if cost
    ]


def _running(
    tenant: Tenant, meter: Meter, limit: Limit, currency: str, now: datetime, over: quotas.Earlier
) -> Running:
    counted = asking.current_usage(tenant, meter.key, now=now, with_waiting=True)
    used = counted if counted > 0 else 0
    # Of what never starts again (bytes, things) a month is billed by what there is at its end.
    period = periods.current("month", tenant=tenant, now=now)
    included = limit.included if limit.own else limit.value
    return Running(
        label=meter.label,
        period=usage_words.period(period.start or now, period.end or now),
        used=usage_words.amount(meter, used),
        included=usage_words.amount(meter, included or 0),
        price=usage_words.price(meter, limit.price, currency) if limit.price else "",
        cost=wording.money_in_words(over.cost_so_far(limit, used), currency),
    )


def _of_the_meter(charge: UsageCharge) -> str:
    """The subscription's invoice, where Stripe's meter bills it."""
    return charge.metered.invoice_id if charge.metered else ""


def _charged(charge: UsageCharge, invoices: Mapping[str, Invoice]) -> Charged:
    statement, terms = charge.statement, terms_of(charge.statement)
    meter = usage_words.stated_meter(statement.meter)
    late = charge.adjustment
    used = statement.value if late is None else late.value
    at_stripe = charge.invoice.stripe_id if charge.invoice else None
    return Charged(
        label=meter.label,
        period=usage_words.period(statement.period_start, statement.period_end),
        used=usage_words.amount(meter, used),
        included=usage_words.amount(meter, terms.value or 0),
        above=usage_words.amount(meter, charge.quantity),
        price=usage_words.price(meter, terms.price, charge.currency) if terms.price else "",
        amount=wording.money_in_words(charge.amount, charge.currency),
        note="" if late is None else "Counted after the period was closed",
        number=statement.number,
        invoice=invoices.get(at_stripe or _of_the_meter(charge)),
    )
