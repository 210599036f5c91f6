"""What is known of backups: told by the scripts in deploy/backup, or by whatever makes them here.

The newest of each kind and place is kept. `doctor` reads them; nothing else depends on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from plg_site.models import BackupReport

Kind = BackupReport.Kind


def tell(kind: str, place: str, *, at: datetime, size: int | None = None) -> bool:
    """Note a backup (`size` in bytes) or a restore that was proved. False: a newer one is known."""
    known = BackupReport.objects.filter(kind=kind, place=place, at__gt=at)
    if known.exists():
        return False
    BackupReport.objects.update_or_create(
        kind=kind, place=place, defaults={"at": at, "bytes": size}
    )
    return True


def newest(kind: str, place: str) -> BackupReport | None:
    return BackupReport.objects.filter(kind=kind, place=place).first()


def in_words(*, now: datetime | None = None) -> Iterator[str]:
    """A line for each that is known."""
    now = now or timezone.now()
    for report in BackupReport.objects.order_by("kind", "place"):
        size = f", {report.bytes:,} bytes" if report.bytes is not None else ""
        at = report.at.strftime("%Y-%m-%d %H:%M UTC")
        yield f"{report}: {at}, {age(now - report.at)} ago{size}"


def age(span: timedelta) -> str:
    """As one says it: "50 minutes", "26 hours", "9 days"."""
    hours = span.total_seconds() / 3600
    if hours < 2:
        return f"{max(int(hours * 60), 0)} minutes"
    return f"{int(hours)} hours" if hours < 72 else f"{int(hours / 24)} days"
