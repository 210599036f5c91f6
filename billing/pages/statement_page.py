"""A line of an invoice, opened: the statement behind it, and the events behind that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Sum
from django.http import Http404
from django.utils.timesince import timesince

from billing.models import MeteredPeriod, MeterExport, UsageCharge
from billing.pages.charge_words import Charged, in_words
from billing.usage import months, usage_words
from events.store import StoreUnavailable
from metering import asking
from metering.definitions import EXACT, meters
from metering.models import Adjustment, Statement
from metering.statements import is_as_sealed
from tenants.models import Tenant

_ROWS = 60  # hours and adjustments shown
_LATE = timedelta(minutes=1)
_EPOCH, _MOMENT = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True)
class Late:
    """What was counted after the closing, and the statement that has it."""

    value: str
    count: str
    in_statement: int


@dataclass(frozen=True)
class Hour:
    """A meter event that was sent to Stripe."""

    span: str
    quantity: str
    late: str
    state: str
    identifier: str


@dataclass(frozen=True)
class StatementPage:
    """Everything on the page of a statement."""

    number: int
    label: str
    period: str
    facts: Sequence[tuple[str, str]]
    lates: Sequence[Late]
    charges: Sequence[Charged]
    hours: Sequence[Hour]
    more_hours: int
    hash: str
    is_sealed: bool
    has_events: bool


@dataclass(frozen=True)
class EventLine:
    """An event that was counted. `counts` is what the meter took from it."""

    time: datetime
    received: str
    id: str
    said: str
    counts: str


@dataclass(frozen=True)
class EventsPage:
    """A page of the events behind a statement. `total` and `value` are of all of them, as counted now."""

    number: int
    label: str
    period: str
    total: str
    value: str
    lines: Sequence[EventLine]
    following: str
    is_first: bool
    has_lates: bool = False
    is_available: bool = True


def find(tenant: Tenant, number: int) -> Statement:
    """The workspace's statement of this number. Raises Http404."""
    found = Statement.objects.for_tenant(tenant).filter(number=number).first()
    if found is None:
        raise Http404
    return found


def of(statement: Statement) -> StatementPage:
    """The page of a statement; asks our own database only."""
    meter = usage_words.stated_meter(statement.meter)
    rows = UsageCharge.objects.filter(statement=statement).order_by("pk")
    exports = MeterExport.objects.filter(period__in=_metered(statement)).order_by("hour")
    lates = Adjustment.objects.filter(statement=statement).select_related("in_statement")
    return StatementPage(
        number=statement.number,
        label=meter.label,
        period=_period(statement),
        facts=list(_facts(statement)),
        lates=[
            Late(
                usage_words.amount(meter, each.value),
                f"{each.count:,}",
                each.in_statement.number,
            )
            for each in lates.order_by("pk")[:_ROWS]
        ],
        charges=[in_words(each) for each in rows.select_related("statement", "invoice")],
        hours=[_hour(each) for each in exports[:_ROWS]],
        more_hours=max(0, exports.count() - _ROWS),
        hash=statement.hash,
        is_sealed=is_as_sealed(statement),
        has_events=statement.meter in meters(),
    )


def events_of(statement: Statement, *, after: str = "") -> EventsPage:
    """A page of the events behind a statement. Raises Http404 for a cursor that is none."""
    meter = meters().get(statement.meter)
    if meter is None:
        raise Http404
    start = None if meter.period != "month" else statement.period_start
    said = {"number": statement.number, "label": meter.label, "period": _period(statement)}
    try:
        found = asking.behind(
            statement.tenant, meter, start=start, end=statement.period_end, after=_cursor(after)
        )
    except StoreUnavailable:
        away = {"total": "", "value": "", "lines": (), "following": "", "is_available": False}
        return EventsPage(**said, **away, is_first=not after)  # type: ignore[arg-type]
    more = Adjustment.objects.filter(statement=statement).aggregate(v=Sum("value"), n=Sum("count"))
    value = EXACT.add(statement.value, more["v"] or 0)
    return EventsPage(
        **said,  # type: ignore[arg-type]
        total=f"{statement.count + (more['n'] or 0):,}",
        value=usage_words.amount(meter, value),
        lines=[_line(each) for each in found.events],
        following=_said(found.following),
        is_first=not after,
        has_lates=more["n"] is not None,
    )


def _facts(statement: Statement) -> Sequence[tuple[str, str]]:
    meter, terms = usage_words.stated_meter(statement.meter), months.terms_of(statement)
    facts = [
        ("Used", usage_words.amount(meter, statement.value)),
        ("Events", f"{statement.count:,}"),
        (
            "Included",
            "Everything" if terms.value is None else usage_words.amount(meter, terms.value),
        ),
    ]
    if terms.price is not None:
        facts.append(
            ("Price above that", usage_words.price(meter, terms.price, statement.currency))
        )
    if statement.month_start is not None and statement.month_end is not None:
        whole = usage_words.period(statement.month_start, statement.month_end)
        facts.append(("Part of", f"{whole}: the price changed within it"))
    facts.append(("Counted until", f"{statement.cutoff:%-d %b %Y, %H:%M} UTC"))
    return facts


def _metered(statement: Statement) -> Sequence[MeteredPeriod]:
    rows = MeteredPeriod.objects.filter(tenant=statement.tenant_id, meter=statement.meter)
    return list(rows.filter(period_start=statement.period_start))


def _hour(row: MeterExport) -> Hour:
    return Hour(
        span=f"{row.hour:%-d %b, %H:%M} to {row.until:%H:%M}",
        quantity=f"{row.quantity:,}",
        late=f"{row.late:,}" if row.late else "",
        state=row.get_state_display(),
        identifier=row.identifier,
    )


def _line(counted: asking.Counted) -> EventLine:
    event = counted.event
    late = event.received_at - event.time
    return EventLine(
        time=event.time,
        received=timesince(event.time, event.received_at, depth=1) if late >= _LATE else "",
        id=str(event.id),
        said=", ".join(f"{key}: {value}" for key, value in sorted(event.properties.items()))[:200],
        counts=str(counted.counts),
    )


def _period(statement: Statement) -> str:
    start, end = statement.period_start.astimezone(UTC), statement.period_end.astimezone(UTC)
    return f"{start:%-d %b %Y, %H:%M:%S} to {end:%-d %b %Y, %H:%M:%S} UTC"


def _said(cursor: tuple[datetime, UUID] | None) -> str:
    return "" if cursor is None else f"{(cursor[0] - _EPOCH) // _MOMENT}_{cursor[1]}"


def _cursor(said: str) -> tuple[datetime, UUID] | None:
    if not said:
        return None
    moment, _, id = said.partition("_")
    try:
        return _EPOCH + int(moment) * _MOMENT, UUID(id)
    except (ValueError, OverflowError):
        raise Http404 from None
