"""What each closed hour added above what is included, as rows to be sent.

The quantity of an hour is what the month has come to by its end less all that was written before. So what
comes late for an hour that was sent is part of the next one (`late` says how much), and the sum of the rows
is always what the month has come to: the last span of a period is counted by the sealed statement.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from django.db import transaction
from django.db.models import Sum

from billing.exporting.meter_events import items
from billing.models import MeteredPeriod, MeterExport
from billing.usage import months
from events import health
from events.health import Lag
from metering import Limit, asking
from metering.models import Statement

CLOSED_AFTER = timedelta(minutes=10)  # what comes later than that for an hour is late
_HOUR = timedelta(hours=1)
_AT_ONCE = 48  # hours of one question
_WITHDRAWABLE = timedelta(hours=23)  # Stripe takes events back within 24
_ALIVE = (MeterExport.State.WRITTEN, MeterExport.State.SENT)


def write(period: MeteredPeriod, *, now: datetime, lag: Callable[[], Lag] = health.lag) -> int:
    """Write the rows of all hours that are closed; returns how many. Raises StoreUnavailable."""
    statement = Statement.objects.filter(
        tenant=period.tenant, meter=period.meter, period_start=period.period_start
    ).first()
    if statement is not None:
        return _write_last(period, statement)
    until = _floor(min(now - CLOSED_AFTER, period.period_end))
    if until <= period.exported_until:
        return 0
    waiting = lag()
    if waiting.unknown or (waiting.oldest is not None and waiting.oldest < until):
        return 0  # something of these hours is not counted yet
    ends = _ends(period.exported_until, until)
    spans = [end for end in (period.exported_until, *ends) if end > period.period_start]
    asked = (
        asking.Question(meter=period.meter, start=period.period_start, end=end) for end in spans
    )
    values = [rows[0].value for rows in asking.ask_stored(period.tenant, *asked, now=now)]
    before = values.pop(0) if len(values) > len(ends) else Decimal(0)
    limit, made = items.limit_in(period), 0
    for end, value in zip(ends, values, strict=True):
        made += _write(period, end, _above(limit, value), was=_above(limit, before))
        before = value
    return made


def _write_last(period: MeteredPeriod, statement: Statement) -> int:
    """The rest of the period, by what was sealed."""
    if statement.month_start is not None or months.terms_of(statement).price is None:
        items.give_up(period)
        return 0
    if period.exported_until >= period.period_end:
        return 0
    total = _above(months.terms_of(statement), statement.value)
    return _write(period, period.period_end, total, was=total)


@transaction.atomic
def _write(period: MeteredPeriod, until: datetime, total: int, *, was: int) -> bool:
    """The row of what lies between what is exported and `until`; `was`: what the month had come to at
    the start of it, as it is counted now. False where nothing was to be written, or somebody has."""
    period = MeteredPeriod.objects.select_for_update().get(pk=period.pk)
    hour = period.exported_until
    if until <= hour or period.state != MeteredPeriod.State.OPEN:
        return False
    sent = written(period)
    quantity = total - sent
    if quantity < 0:
        quantity += _withdraw(period, -quantity)
    if quantity > 0:
        late = max(0, min(quantity, was - sent))
        _row(period, hour, until, quantity, late=late)
    period.exported_until = until
    period.save(update_fields=["exported_until"])
    return quantity > 0


def _row(
    period: MeteredPeriod, hour: datetime, until: datetime, quantity: int, *, late: int = 0,
    revision: int = 0,
) -> None:  # fmt: skip
    timestamp = max(items.on_the_minute(hour), period.begins)
    MeterExport.objects.create(
        tenant=period.tenant,
        period=period,
        meter=period.meter,
        hour=hour,
        until=until,
        revision=revision,
        quantity=quantity,
        late=late,
        timestamp=min(timestamp, items.on_the_minute(period.period_end - timedelta(minutes=1))),
        identifier=_identifier(period, hour, revision),
    )


def _withdraw(period: MeteredPeriod, too_much: int) -> int:
    """Take back of the newest rows what was too much, as far as Stripe still lets us: the rest of a row
    is another revision of its hour. Returns how much was taken back; what is older is made good by the
    hours to come, or on the period's invoice."""
    since = datetime.now(UTC) - _WITHDRAWABLE
    left = too_much
    for row in period.exports.filter(state__in=_ALIVE).order_by("-hour", "-revision"):
        if left <= 0 or (row.tried_at is not None and row.tried_at < since):
            break
        taken = min(left, row.quantity)
        was_tried = row.tried_at is not None
        row.state = MeterExport.State.WITHDRAWING if was_tried else MeterExport.State.WITHDRAWN
        row.save(update_fields=["state"])
        if row.quantity > taken:
            _row(period, row.hour, row.until, row.quantity - taken, revision=row.revision + 1)
        left -= taken
    return too_much - left


def written(period: MeteredPeriod) -> int:
    """What all rows that count come to."""
    rows = period.exports.filter(state__in=_ALIVE)
    return int(rows.aggregate(total=Sum("quantity"))["total"] or 0)


def _ends(start: datetime, until: datetime) -> list[datetime]:
    found: list[datetime] = []
    end = _floor(start) + _HOUR
    while end <= until and len(found) < _AT_ONCE:
        found.append(end)
        end += _HOUR
    return found


def _above(limit: Limit, value: Decimal) -> int:
    return int(limit.above(value))


def _floor(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _identifier(period: MeteredPeriod, hour: datetime, revision: int) -> str:
    said = f"{period.tenant_id}:{period.meter}:{period.price_id}:{hour.isoformat()}:{revision}"
    return f"plg-{sha256(said.encode()).hexdigest()[:40]}"
