"""What the usage page shows, ready for a template without logic."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from events.store import StoreUnavailable
from metering.alerts import bursts
from metering.asking import forecast, series, usage
from metering.asking.forecast import Forecast
from metering.asking.usage import Change, Reading
from metering.definitions import catalogue
from metering.definitions.limit import Limit, Price
from metering.definitions.meter import Meter
from metering.definitions.tiers import Tiers
from metering.pages import costs
from metering.pages.costs import Bill, Cost
from metering.quotas import earlier, limits
from metering.quotas.decision import decide
from metering.quotas.earlier import NOTHING, Earlier
from metering.wording import money
from metering.wording.words import in_sentence, quantity, signed, size
from tenants.models import Tenant


@dataclass(frozen=True)
class Bar:
    """One day of a chart: `value` scales the bar, `display` is read."""

    label: str
    value: int
    display: str


@dataclass(frozen=True)
class Gauge:
    """One meter with its limit, its words and its month of bars."""

    key: str
    label: str
    unit: str
    description: str
    used: int
    limit: int | None
    note: str
    outlook: str
    warning: str
    caption: str
    bars: Sequence[Bar]
    highest: int
    highest_label: str
    aside: str = ""  # what there was in all, where a meter leaves something out


@dataclass(frozen=True)
class ActivityLine:
    """A minute, or an hour, in which a meter changed."""

    label: str
    amount: str
    at: datetime
    span: str = ""  # of an hour, by the workspace's clock; of a minute the page says how long ago


@dataclass(frozen=True)
class CostLine:
    """A priced meter in words."""

    label: str
    included: str
    above: str
    price: str
    so_far: str
    by_end: str


@dataclass(frozen=True)
class CostTable:
    """What the period costs, in words; `until` is its end."""

    lines: Sequence[CostLine]
    so_far: str
    by_end: str


@dataclass(frozen=True)
class UsagePage:
    """Everything on the page; `version` changes whenever something on it does."""

    gauges: Sequence[Gauge]
    activity: Sequence[ActivityLine]
    version: str
    costs: CostTable | None = None
    method: str = ""
    is_available: bool = True
    notices: Sequence[tuple[Meter, str]] = ()

    @classmethod
    def of(cls, tenant: Tenant, *, now: datetime | None = None) -> UsagePage:
        """The page of a workspace at `now`; without the events database, one that says so."""
        now = now or datetime.now(UTC)
        try:
            found = usage.snapshot(tenant, now=now)
            in_force = limits.of(tenant)
        except StoreUnavailable:
            return cls((), (), "unavailable", is_available=False)
        zone = series.zone_of(tenant)
        outlooks = {
            reading.meter.key: outlook(reading, in_force[reading.meter.key], now=now)
            for reading in found.readings
        }
        gauges = [
            gauge(each, in_force[each.meter.key], outlooks[each.meter.key], zone, left_out)
            for each, left_out in _with_left_out(found.readings)
        ]
        activity = [_activity_line(change, zone, now=now) for change in found.changes]
        table = _cost_table(tenant, found.readings, in_force, outlooks)
        # "3 minutes ago" ages, too.
        notices = bursts.notices(tenant, now=now)
        shown = repr((gauges, activity, table, notices, f"{now:%Y-%m-%d %H:%M}"))
        version = hashlib.blake2b(shown.encode(), digest_size=8).hexdigest()
        methods = {each.days: each.method for each in outlooks.values() if each}
        method = methods[max(methods)] if methods else ""
        return cls(gauges, activity, version, table, method, notices=notices)

    @property
    def warnings(self) -> list[Gauge]:
        """The meters that are at or above their limit."""
        return [gauge for gauge in self.gauges if gauge.warning]


def gauges(
    tenant: Tenant, *, only: Collection[str] | None = None, now: datetime | None = None
) -> list[Gauge]:
    """Each meter (or `only` these) against its limit, without bars and outlook: for pages that are
    about something else. None of them while the events database is away."""
    if only is not None:
        only = {*only, *(left_out.key for key in only if (left_out := catalogue.beside(key)))}
    try:
        found = usage.levels(tenant, now=now, only=only)
        in_force = limits.of(tenant)
    except StoreUnavailable:
        return []
    zone = series.zone_of(tenant)
    return [
        gauge(each, in_force[each.meter.key], None, zone, left_out)
        for each, left_out in _with_left_out(found)
    ]


def _with_left_out(readings: Sequence[Reading]) -> Iterator[tuple[Reading, Reading | None]]:
    """Each reading that is told on its own, with that of the meter beside it."""
    beside = {reading.meter.beside: reading for reading in readings}
    for reading in readings:
        if reading.meter.beside is None:
            yield reading, beside.get(reading.meter.key)


def outlook(reading: Reading, limit: Limit, *, now: datetime) -> Forecast | None:
    """Where the meter will be."""
    if reading.since is None:
        return None
    return forecast.of(
        reading.meter,
        used=reading.used,
        recent=reading.recent,
        since=reading.since,
        period=reading.period,
        limit=limit.value,
        now=now,
    )


def outlook_in_words(reading: Reading, expected: Forecast | None, zone: ZoneInfo) -> str:
    """Like "About 1,240 by 1 December; the limit is reached on 24 November"."""
    if expected is None or not reading.recent:
        return ""  # nothing moves: what is there now says it
    when = f"by {_day(expected.until, zone)}" if reading.period.end else "in 30 days"
    words = f"About {quantity(reading.meter, expected.value)} {when}"
    if expected.passes_at:
        words += f"; the limit is reached on {_day(expected.passes_at, zone)}"
    return words


def price_in_words(price: Price, currency: str, *, unit: str) -> str:
    """Like "$0.50 for each 1,000", or "in 3 tiers"."""
    if isinstance(price, Tiers):
        return f"in {len(price.tiers)} tiers"
    amount = money.in_words(price.amount, currency, short=True)
    if unit == "bytes":
        return f"{amount} for each {size(price.per)}"
    return f"{amount} each" if price.per == 1 else f"{amount} for each {price.per:,}"


def gauge(
    reading: Reading, limit: Limit, expected: Forecast | None, zone: ZoneInfo,
    left_out: Reading | None = None,
) -> Gauge:  # fmt: skip
    """A meter with its words; `left_out` is of the meter that counts what this one does not."""
    meter = reading.meter
    bars = [_bar(reading, day, value) for day, value in reading.by_day]
    highest = max((bar.value for bar in bars), default=0)
    return Gauge(
        key=meter.key,
        label=meter.label,
        unit=meter.unit,
        description=meter.description,
        used=max(0, reading.used),
        limit=limit.value,
        note=_note(reading, limit, zone),
        outlook=outlook_in_words(reading, expected, zone),
        warning=_warning(reading, limit),
        caption="At the end of each day" if series.is_level(meter) else "Each day",
        bars=bars,
        highest=highest,
        highest_label=f"up to {quantity(meter, highest)}" if highest else "nothing yet",
        aside=_aside(reading, left_out),
    )


def _aside(reading: Reading, left_out: Reading | None) -> str:
    """Like "1,178 in all; 1,177 of them do not count: by robots, or again within a moment."."""
    if left_out is None or left_out.used <= 0:
        return ""
    in_all = quantity(reading.meter, reading.used + left_out.used)
    why = in_sentence(left_out.meter.description)
    return f"{in_all} in all; {quantity(left_out.meter, left_out.used)} do not count: {why}"


def _bar(reading: Reading, day: date, value: int) -> Bar:
    return Bar(f"{day:%-d %b}", max(0, value), quantity(reading.meter, value))


def _note(reading: Reading, limit: Limit, zone: ZoneInfo) -> str:
    parts = []
    if limit.value is not None:
        left = limit.value - reading.used
        if left > 0:
            parts.append(f"{quantity(reading.meter, left)} left")
        elif left == 0:
            parts.append("All used")
        else:
            parts.append(f"{quantity(reading.meter, -left)} over")
        if limit.own:
            parts[-1] += " of your own limit"
    if reading.period.end:
        parts.append(f"starts again on {_day(reading.period.end, zone)}")
    words = ", ".join(parts)
    return words[:1].upper() + words[1:]


def _warning(reading: Reading, limit: Limit) -> str:
    """The words of a refusal, before somebody runs into it; and those of a soft limit passed."""
    if limit.value is None or reading.used < limit.value:
        return ""
    amount = 1 if limit.hard else 0
    decision = decide(
        reading.meter,
        limit=limit,
        used=reading.used,
        amount=amount,
        resets_at=reading.period.end,
    )
    return decision.reason


def _activity_line(change: Change, zone: ZoneInfo, *, now: datetime) -> ActivityLine:
    amount = signed(change.meter, change.value)
    span = "" if change.is_minute else _span(change, zone, now=now)
    return ActivityLine(label=change.meter.label, amount=amount, at=change.at, span=span)


def _span(change: Change, zone: ZoneInfo, *, now: datetime) -> str:
    """Like "9:00 to 10:00", or "yesterday, 23:00 to 0:00"."""
    start, end = change.at.astimezone(zone), change.until.astimezone(zone)
    day = "" if start.date() == now.astimezone(zone).date() else "yesterday, "
    return f"{day}{start:%-H:%M} to {end:%-H:%M}"


def cost_of(
    reading: Reading, limit: Limit, expected: Forecast | None, over: Earlier = NOTHING
) -> Cost | None:
    """What the meter's usage costs in this period."""
    return costs.of(reading.meter, limit, used=reading.used, forecast=expected, over=over)


def bill_of(
    tenant: Tenant, readings: Sequence[Reading], in_force: dict[str, Limit],
    outlooks: dict[str, Forecast | None],
) -> Bill | None:  # fmt: skip
    """The priced meters together; None without one."""
    over = earlier.of(tenant, {key for key, limit in in_force.items() if limit.price})
    found = {
        reading.meter.key: cost_of(
            reading,
            in_force[reading.meter.key],
            outlooks[reading.meter.key],
            over.get(reading.meter.key, NOTHING),
        )
        for reading in readings
    }
    if not any(found.values()):
        return None
    return costs.bill(found, currency=limits.currency_of(tenant) or "usd")


def _cost_table(
    tenant: Tenant, readings: Sequence[Reading], in_force: dict[str, Limit],
    outlooks: dict[str, Forecast | None],
) -> CostTable | None:  # fmt: skip
    bill = bill_of(tenant, readings, in_force, outlooks)
    if bill is None:
        return None
    return CostTable(
        lines=[cost_in_words(cost, bill.currency) for cost in bill.costs],
        so_far=money.in_words(bill.so_far, bill.currency),
        by_end=_about(bill.by_end, bill.currency),
    )


def cost_in_words(cost: Cost, currency: str) -> CostLine:
    """A priced meter as a line of a table."""
    return CostLine(
        label=cost.meter.label,
        included=quantity(cost.meter, cost.included),
        above=quantity(cost.meter, cost.above),
        price=price_in_words(cost.price, currency, unit=cost.meter.unit),
        so_far=money.in_words(cost.so_far, currency),
        by_end=_about(cost.by_end, currency),
    )


def _about(amount: int | None, currency: str) -> str:
    return "not yet known" if amount is None else f"about {money.in_words(amount, currency)}"


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%-d %B}"
