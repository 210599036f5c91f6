"""For staff: what reconciliation found, and what has gone since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from billing import catalogue, reconciling
from billing.models import Difference
from billing.reconciling import settled
from metering.wording import money_in_words
from staff.access import staff_only
from staff.navigation import page

SHOWN = 200
ROUTE = "staff_differences"


@dataclass(frozen=True)
class Line:
    """A difference in words."""

    what: str
    comparer: str
    found: str
    expected: str
    workspace: str
    url: str
    since: datetime
    settled: datetime | None


@require_safe
@never_cache
@staff_only
def differences(request: HttpRequest) -> HttpResponse:
    """The page: those that there are, and the last that are gone."""
    context = {
        "count": reconciling.count(),
        "lines": _lines(reconciling.unsettled(SHOWN)),
        "settled": _lines(settled()),
    }
    return page(request, "staff/differences.html", context, at=ROUTE)


def _lines(rows: Iterable[Difference]) -> list[Line]:
    return [
        Line(
            what=row.what,
            comparer=row.comparer,
            found=_number(row.found, row.unit),
            expected=_number(row.expected, row.unit),
            workspace=row.tenant.name if row.tenant else "All workspaces",
            url=reverse("staff_workspace", args=[row.tenant_id]) if row.tenant else "",
            since=row.first_seen_at,
            settled=row.settled_at,
        )
        for row in rows
    ]


def _number(value: Decimal | None, unit: str) -> str:
    if value is None:
        return "nothing"
    if unit in catalogue.currencies():
        return money_in_words(int(value), unit)
    return f"{value.normalize():,f} {unit}".strip()
