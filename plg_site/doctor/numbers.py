"""What `manage.py doctor` says, as numbers: the same words and limits as /staff/health/."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from cms import releases
from events import metrics
from events.metrics import Gauge, Question, Sample
from plg_site.doctor import backups, health
from plg_site.doctor.findings import Level

_GAUGES = (
    Gauge("plg_health", "0 ok, 1 look, 2 broken, as /staff/health/ says", ("check",), 40),
    Gauge("plg_site_build_failed", "1: the last build of the website failed"),
)
_OF_BACKUPS = (
    Gauge(
        "plg_backup_age_seconds",
        "Since the newest of each, or the last restore",
        ("kind", "place"),
        10,
    ),
    Gauge("plg_backup_age_limit_seconds", "How old doctor lets it be", ("kind",), 4),
)
_WORTH = {Level.FINE: 0, Level.WARNING: 1, Level.PROBLEM: 2}


def _ask() -> Iterator[Sample]:
    for each in health.looked():
        yield "plg_health", (each.name,), _WORTH[each.level]
    yield "plg_site_build_failed", (), releases.broken_build() is not None


def _ask_for_backups() -> Iterator[Sample]:
    kinds = set[str]()
    for kind, place, seconds in backups.ages():
        yield "plg_backup_age_seconds", (kind, place), seconds
        kinds.add(kind)
    for kind in sorted(kinds):
        proved = kind == backups.Kind.RESTORED
        hours = settings.RESTORE_PROVED_DAYS * 24 if proved else settings.BACKUP_HOURS
        yield "plg_backup_age_limit_seconds", (kind,), hours * 3600


def register() -> None:
    """Let the checks be asked."""
    metrics.register(Question("installation", _GAUGES, _ask))
    metrics.register(Question("backups", _OF_BACKUPS, _ask_for_backups))
