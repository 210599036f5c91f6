"""Usage, alerts and own limits over the workspace's API: what its pages show and set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from django.http import StreamingHttpResponse
from django.utils import timezone
from ninja import Body as BodyParam
from ninja import Query, Router
from ninja.errors import HttpError

from events.store import StoreUnavailable
from metering import alerts
from metering.alerts import Threshold, alert_mail
from metering.api.schemas import (
    AlertIn,
    AlertOut,
    CostOut,
    ForecastOut,
    PeriodOut,
    PointOut,
    SeriesOut,
    SeriesQuery,
    SpendLimitIn,
    SpendLimitOut,
    TierOut,
    UsageOut,
)
from metering.asking import export, ranges, usage
from metering.asking.forecast import Forecast
from metering.asking.query import Row, WrongQuestion, ask
from metering.asking.ranges import Range
from metering.asking.usage import Reading
from metering.definitions import catalogue
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.definitions.tiers import Tiers
from metering.pages import usage_page
from metering.pages.costs import Cost
from metering.quotas import limits, own_limits, spend
from metering.quotas.spend import OwnLimits
from metering.wording import names as names_of
from tenants.models import Tenant
from tenants.requests import KeyedRequest

router = Router(tags=["Usage"])
Alerts = Annotated[list[AlertIn], BodyParam(max_length=alerts.MOST)]
_UNREADABLE = "Usage cannot be read right now. Nothing is lost."


@router.get(
    "/usage",
    response=list[UsageOut],
    operation_id="list_usage",
    summary="Usage of every meter",
)
def list_usage(request: KeyedRequest) -> list[UsageOut]:
    """Each meter in its current period: its limit, the forecast of the period's end, its cost."""
    tenant, now = request.tenant, timezone.now()
    try:
        readings = usage.snapshot(tenant, now=now, days=1, changes=0).readings
        in_force = limits.of(tenant)
    except StoreUnavailable:
        raise HttpError(503, _UNREADABLE) from None
    currency = limits.currency_of(tenant) or "usd"
    return [_usage(each, in_force[each.meter.key], currency, now=now) for each in readings]


@router.get(
    "/usage/{slug:meter}",
    response=SeriesOut,
    operation_id="read_usage",
    summary="Usage over time",
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def read_usage(
    request: KeyedRequest, meter: str, asked: Query[SeriesQuery]
) -> SeriesOut | StreamingHttpResponse:
    """By day in the workspace's time zone, or by hour (up to 8 days). `format=csv` is a file."""
    found = _meter(meter)
    if asked.range not in ranges.keys(found):
        raise HttpError(422, f"“{meter}” has no periods: its count never starts again.")
    chosen = ranges.pick(request.tenant, found, asked.range, now=timezone.now())
    if asked.window == "hour" and not chosen.fits_hours:
        raise HttpError(422, "Hours are given for 8 days at most: ask for a shorter range.")
    if asked.group_by and asked.group_by not in found.group_by:
        known = ", ".join(found.group_by) or "none"
        raise HttpError(422, f"“{meter}” cannot be grouped by that. Its dimensions: {known}.")
    groups = (asked.group_by,) if asked.group_by else ()
    try:
        if asked.format == "csv":
            question = chosen.question(found, group_by=groups)
            return export.response(request.tenant, found, question, window=asked.window)
        top = asked.top if groups else None
        windows = chosen.question(found, window=asked.window, group_by=groups, top=top)
        total, rows = ask(request.tenant, chosen.question(found), windows)
    except StoreUnavailable:
        raise HttpError(503, _UNREADABLE) from None
    except WrongQuestion as wrong:
        raise HttpError(422, str(wrong)) from None
    return _series(request.tenant, found, chosen, asked, total[0].value, rows)


@router.get("/alerts", response=list[AlertOut], summary="What managers are told about")
def list_alerts(request: KeyedRequest) -> list[AlertOut]:
    """The thresholds that are watched. Those at 80 and 100 percent of each limit exist by default."""
    return _alerts(request.tenant)


@router.put("/alerts", response=list[AlertOut], summary="Set all alerts")
def set_alerts(request: KeyedRequest, payload: Alerts) -> list[AlertOut]:
    """What is not in the list is switched off. Each sends one mail a period."""
    managers = {user.pk for user in alert_mail.managers_of(request.tenant)}
    for each in payload:
        _meter(each.meter, status=422)
        if not managers.issuperset(each.recipients):
            raise HttpError(422, "Only owners and admins of this workspace can be told.")
    try:
        alerts.replace(
            request.tenant,
            [
                Threshold(
                    meter=each.meter,
                    percent=each.percent,
                    amount=each.amount,
                    recipients=tuple(each.recipients),
                )
                for each in payload
            ],
            by=request.api_key.acts_for,
        )
    except ValueError as wrong:
        raise HttpError(422, str(wrong)) from None
    return _alerts(request.tenant)


@router.get("/spend-limit", response=SpendLimitOut, summary="The workspace's own limits")
def read_spend_limit(request: KeyedRequest) -> SpendLimitOut:
    """Money for a period, and caps of meters. At one, more is refused with 402."""
    return _spend_limit(request.tenant)


@router.put("/spend-limit", response=SpendLimitOut, summary="Set the workspace's own limits")
def set_spend_limit(request: KeyedRequest, payload: SpendLimitIn) -> SpendLimitOut:
    """In force at once. `amount` must be named: null, and nothing else, removes the limit of money."""
    caps = spend.of(request.tenant).caps if payload.caps is None else payload.caps
    for key in payload.caps or ():
        _meter(key, status=422)
    wanted = OwnLimits(money=payload.amount, caps=caps)
    own_limits.set_own(request.tenant, wanted, by=request.api_key.acts_for)
    return _spend_limit(request.tenant)


def _usage(reading: Reading, limit: Limit, currency: str, *, now: datetime) -> UsageOut:
    expected = usage_page.outlook(reading, limit, now=now)
    cost = usage_page.cost_of(reading, limit, expected)
    return UsageOut(
        meter=reading.meter.key,
        label=reading.meter.label,
        unit=reading.meter.unit,
        used=reading.used,
        limit=limit.value,
        hard=limit.hard,
        own_limit=limit.own,
        remaining=None if limit.value is None else max(0, limit.value - reading.used),
        resets_at=reading.period.end,
        period=PeriodOut(start=reading.period.start, end=reading.period.end),
        forecast=_forecast(expected),
        cost=_cost(cost, currency) if cost else None,
    )


def _cost(cost: Cost, currency: str) -> CostOut:
    tiers, reached = (
        cost.price if isinstance(cost.price, Tiers) else None,
        cost.price.tier_of(cost.above),
    )
    return CostOut(
        currency=currency,
        price_amount=reached.amount,
        price_per=reached.per,
        tiers_mode=tiers.mode if tiers else None,
        tiers=[
            TierOut(up_to=each.up_to, price_amount=each.amount, price_per=each.per, flat=each.flat)
            for each in (tiers.tiers if tiers else ())
        ],
        included=cost.included,
        above=cost.above,
        so_far=cost.so_far,
        by_period_end=cost.by_end,
    )


def _forecast(expected: Forecast | None) -> ForecastOut | None:
    if expected is None:
        return None
    return ForecastOut(
        value=expected.value,
        until=expected.until,
        per_day=round(float(expected.a_day), 3),
        method=expected.method,
        limit_passed_at=expected.passes_at,
    )


def _series(
    tenant: Tenant, meter: Meter, chosen: Range, asked: SeriesQuery, total: Decimal,
    rows: Sequence[Row],
) -> SeriesOut:  # fmt: skip
    key = asked.group_by
    values = {row.group[key] for row in rows} if key else set()
    readable = names_of.of(tenant, key, values) if key else {}
    return SeriesOut(
        meter=meter.key,
        unit=meter.unit,
        start=chosen.start,
        end=chosen.end,
        window=asked.window,
        time_zone=chosen.zone.key,
        total=float(total),
        points=[
            PointOut(
                start=row.start,
                end=row.end,
                group=row.group.get(key),
                group_name=readable.get(row.group.get(key)),
                value=float(row.value),
                events=row.count,
                late_events=row.late,
            )
            for row in rows
            if row.start and row.end
        ],
    )


def _alerts(tenant: Tenant) -> list[AlertOut]:
    return [
        AlertOut(
            meter=each.meter,
            percent=each.percent,
            amount=each.amount,
            recipients=list(each.recipients),
            default=each.by_default,
        )
        for each in alerts.of(tenant)
        if each.is_on
    ]


def _spend_limit(tenant: Tenant) -> SpendLimitOut:
    own = spend.of(tenant)
    in_force = limits.of(tenant)
    return SpendLimitOut(
        amount=own.money,
        caps=dict(own.caps),
        currency=limits.currency_of(tenant) or "usd",
        effective={
            key: limit.value
            for key, limit in in_force.items()
            if limit.own and limit.value is not None
        },
    )


def _meter(key: str, *, status: int = 404) -> Meter:
    try:
        return catalogue.get(key)
    except KeyError as unknown:
        raise HttpError(status, str(unknown.args[0])) from None
