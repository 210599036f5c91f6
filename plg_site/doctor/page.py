"""/staff/health/: what `manage.py doctor` says, for people who have no terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from plg_site.doctor import health
from plg_site.doctor.findings import Level
from staff import navigation
from staff.access import staff_only

_BADGES = {
    Level.FINE: (gettext_lazy("ok"), "success"),
    Level.WARNING: (gettext_lazy("look"), "warn"),
    Level.PROBLEM: (gettext_lazy("broken"), "error"),
}
ROUTE = "staff_health"


@dataclass(frozen=True)
class Line:
    badge: str
    kind: str
    says: str
    do: str


@dataclass(frozen=True)
class Part:
    """One check: its worst state, and a line for each thing that it says."""

    name: str
    title: str
    badge: str
    kind: str
    level: Level
    lines: Sequence[Line]

    @classmethod
    def of(cls, each: health.Looked) -> Part:
        lines = [
            Line(*_badge(finding.level), finding.says, finding.do) for finding in each.findings
        ]
        return cls(each.name, each.title, *_badge(each.level), each.level, lines)


@require_safe
@never_cache
@staff_only
def page(request: HttpRequest) -> HttpResponse:
    """The page; asked for by htmx, only the part that changes."""
    parts = [Part.of(each) for each in health.looked()]
    parts.sort(key=lambda part: -list(Level).index(part.level))  # what is broken first
    counts = {level: sum(part.level == level for part in parts) for level in Level}
    context: dict[str, object] = {
        "parts": parts, "at": datetime.now(UTC), "broken": counts[Level.PROBLEM],
        "look": counts[Level.WARNING], "ok": counts[Level.FINE],
    }  # fmt: skip
    if request.headers.get("HX-Request"):
        return render(request, "staff/health_live.html", context)
    return navigation.page(request, "staff/health.html", context, at=ROUTE)


def _badge(level: Level) -> tuple[str, str]:
    label, kind = _BADGES[level]
    return str(label), kind


def register() -> None:
    """Put it into the bar."""
    navigation.register(navigation.Item(gettext("Health"), ROUTE, order=5))
