"""What `manage.py doctor` says, as numbers: the same words and limits as /staff/health/."""

from __future__ import annotations

from collections.abc import Iterator

from cms import releases
from events import metrics
from events.metrics import Gauge, Question, Sample
from plg_site.doctor import health
from plg_site.doctor.findings import Level

_GAUGES = (
    Gauge("plg_health", "0 ok, 1 look, 2 broken, as /staff/health/ says", ("check",), 40),
    Gauge("plg_site_build_failed", "1: the last build of the website failed"),
)
_WORTH = {Level.FINE: 0, Level.WARNING: 1, Level.PROBLEM: 2}


def _ask() -> Iterator[Sample]:
    for each in health.looked():
        yield "plg_health", (each.name,), _WORTH[each.level]
    yield "plg_site_build_failed", (), releases.broken_build() is not None


def register() -> None:
    """Let the checks be asked."""
    metrics.register(Question("installation", _GAUGES, _ask))
