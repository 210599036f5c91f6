"""The page of who looked at what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from staff import trail
from staff.access import staff_only
from staff.models import Look
from staff.navigation import page

A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """`url` is "" where the thing is gone."""

    at: datetime
    by: str
    kind: str
    name: str
    url: str


@require_safe
@never_cache
@staff_only
def looks(request: HttpRequest) -> HttpResponse:
    """All looks, the newest first."""
    rows = Look.objects.select_related("by").order_by("-at", "-pk")
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": shown, "lines": _lines(list(shown)), "query": ""}
    return page(request, "staff/trail.html", context, at="staff_trail")


def _lines(rows: Sequence[Look]) -> list[Line]:
    wanted: dict[str, set[UUID]] = defaultdict(set)
    for row in rows:
        wanted[row.kind].add(row.subject)
    names = {
        key: found.names(ids)
        for key, ids in wanted.items()
        if (found := trail.kind(key)) is not None
    }
    return [_line(row, names.get(row.kind, {}).get(row.subject)) for row in rows]


def _line(row: Look, name: str | None) -> Line:
    found = trail.kind(row.kind)
    return Line(
        at=row.at,
        by=row.by.email if row.by else "somebody whose account is closed",
        kind=row.kind,
        name=name or f"a {row.kind} that is gone",
        url=reverse(found.route, args=[row.subject]) if found and name else "",
    )
