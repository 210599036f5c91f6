"""What is used, and what that costs, in words: on the price list, the billing page, the invoice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billing.models import UsageCharge
from billing.usage.months import terms_of
from metering import Meter, Price, Tiers, UsagePrice, wording
from metering.definitions import meters
from metering.wording import quantity, things

_MINUS = "\N{MINUS SIGN}"


def price(meter: Meter, price: Price, currency: str) -> str:
    """Like "$1.00 per 10,000 clicks", or "$1.00 each"; in tiers "$1.00 each up to 100, $0.50 each above"."""
    if isinstance(price, Tiers):
        return _tiers(meter, price, currency)
    if price.per == 1 and meter.unit != "bytes":
        return f"{wording.money_in_words(price.amount, currency)} each"
    return f"{wording.money_in_words(price.amount, currency)} per {things(meter, price.per)}"


def _tiers(meter: Meter, price_in_tiers: Tiers, currency: str) -> str:
    words = []
    for tier in price_in_tiers.tiers:
        said = price(meter, UsagePrice(tier.amount, tier.per), currency)
        if tier.flat:
            said = f"{wording.money_in_words(tier.flat, currency)} and {said}"
        edge = "above" if tier.up_to is None else f"up to {quantity(meter, tier.up_to)}"
        words.append(f"{said} {edge}" if len(price_in_tiers.tiers) > 1 else said)
    whole = " (of the one that all falls into)" if price_in_tiers.mode == "volume" else ""
    return ", ".join(words) + whole


def amount(meter: Meter, value: Decimal | int) -> str:
    """Like "23,456", "1.5 MB" or "0.25"; with a minus sign where something is taken back."""
    exact = Decimal(value)
    sign, size = (_MINUS if exact < 0 else ""), abs(exact)
    if size == int(size) or meter.unit == "bytes":
        return sign + quantity(meter, int(size))
    return f"{sign}{size.normalize():,f}"


def period(start: datetime, end: datetime) -> str:
    """Like "1 Mar to 1 Apr 2026" (UTC); the end is the instant when the next period begins."""
    return f"{start:%-d %b} to {end:%-d %b %Y}"


def line(charge: UsageCharge) -> str:
    """What an invoice says: "Clicks, 1 Mar to 1 Apr 2026: 23,456 above 100,000, $1.00 per 10,000
    clicks"; of what came late, the same with "late"."""
    statement, terms = charge.statement, terms_of(charge.statement)
    meter = stated_meter(statement.meter)
    words = [meter.label, period(statement.period_start, statement.period_end)]
    if charge.adjustment is not None:
        words.append("counted late")
    used = f"{amount(meter, charge.quantity)} above {amount(meter, terms.value or 0)}"
    cost = price(meter, terms.price, charge.currency) if terms.price else ""
    return f"{', '.join(words)}: {used}, {cost}"


def stated_meter(key: str) -> Meter:
    """The meter of a statement; a bare one when it has left the catalogue since."""
    known = meters().get(key)
    return known or Meter(key=key, label=key, event="", aggregation="count")
