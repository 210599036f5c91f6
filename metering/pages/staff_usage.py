"""For the people who run the installation: usage over all workspaces. Only numbers, nothing that a
workspace wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events import shedding
from events.store import StoreUnavailable
from metering.asking.query import Question, ask_stored
from metering.definitions.catalogue import meters
from metering.definitions.meter import Meter
from metering.wording import quantity
from staff.access import staff_only
from staff.navigation import page
from tenants.models import Tenant

TOP = 20
_SPANS = {"1": "24 hours", "7": "7 days", "30": "30 days"}


@dataclass(frozen=True)
class Total:
    """A meter over all workspaces."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Workspace:
    """One of the largest."""

    name: str
    host: str
    url: str
    value: str
    share: str
    length: int


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass
class StaffUsage:
    """Everything on the page."""

    at: datetime
    alarms: list[str] = field(default_factory=list)
    totals: Sequence[Total] = ()
    top: Sequence[Workspace] = ()
    meter: Meter | None = None
    span: str = ""
    meter_choices: Sequence[Choice] = ()
    span_choices: Sequence[Choice] = ()

    @classmethod
    def of(cls, *, meter_key: str = "", days: str = "", now: datetime | None = None) -> StaffUsage:
        """The page now; what cannot be reached is an alarm on it."""
        now = now or datetime.now(UTC)
        page = cls(at=now)
        days = days if days in _SPANS else "1"
        page.meter = meters().get(meter_key) or _first()
        page.span = _SPANS[days]
        page.meter_choices = [
            Choice(meter.label, f"?meter={key}&days={days}", meter == page.meter)
            for key, meter in meters().items()
        ]
        page.span_choices = [
            Choice(label, f"?meter={page.meter.key}&days={key}", key == days)
            for key, label in _SPANS.items()
        ]
        _look_at_usage(page, now, timedelta(days=int(days)))
        return page


@require_safe
@never_cache
@staff_only
@shedding.gives_way("staff_usage", words="Counting all workspaces waits until it is calmer here.")
def usage(request: HttpRequest) -> HttpResponse:
    """The page; asked for by htmx, only the part that changes."""
    shown = StaffUsage.of(meter_key=request.GET.get("meter", ""), days=request.GET.get("days", ""))
    if request.headers.get("HX-Request"):
        return render(request, "staff/usage_live.html", {"page": shown})
    return page(request, "staff/usage.html", {"page": shown}, at="staff_usage")


def _first() -> Meter:
    monthly = [meter for meter in meters().values() if meter.period == "month"]
    return monthly[0] if monthly else next(iter(meters().values()))


def _look_at_usage(page: StaffUsage, now: datetime, span: timedelta) -> None:
    assert page.meter is not None  # noqa: S101
    meter, start = page.meter, now.replace(minute=0, second=0, microsecond=0) - span
    totals = [
        Question(meter=key, start=None if _is_level(each) else start)
        for key, each in meters().items()
    ]
    largest = Question(
        meter=meter.key,
        start=None if _is_level(meter) else start,
        group_by=("tenant",),
        top=TOP,
    )
    try:
        *answers, top = ask_stored(None, *totals, largest, now=now)
    except StoreUnavailable:
        page.alarms.append("The event store does not answer: usage cannot be shown.")
        return
    page.totals = [
        Total(
            label=each.label,
            value=quantity(each, int(rows[0].value)),
            note="now" if _is_level(each) else page.span,
        )
        for each, rows in zip(meters().values(), answers, strict=True)
    ]
    keys = list(meters())
    page.top = _workspaces(meter, top, whole=answers[keys.index(meter.key)][0].value)


def _workspaces(meter: Meter, rows: Sequence[Any], *, whole: Any) -> list[Workspace]:
    schemas = [row.group["tenant"] for row in rows]
    known = {
        tenant.schema_name: tenant for tenant in Tenant.objects.filter(schema_name__in=schemas)
    }
    most = max([row.value for row in rows], default=0)
    found = []
    for row in rows:
        tenant = known.get(row.group["tenant"])
        found.append(
            Workspace(
                name=tenant.name if tenant else "a workspace that is gone",
                host=tenant.slug if tenant else str(row.group["tenant"]),
                url=reverse("staff_workspace", args=[tenant.pk]) if tenant else "",
                value=quantity(meter, int(row.value)),
                share=f"{100 * row.value / whole:.1f} %" if whole > 0 else "",
                length=max(0, round(100 * row.value / most)) if most > 0 else 0,
            )
        )
    return found


def _is_level(meter: Meter) -> bool:
    return meter.period == "lifetime"
