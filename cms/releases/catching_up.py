"""What editors asked for and nobody has done yet: content with a date, and builds that were lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cms.releases import builds, release, scheduled

_LOST_AFTER = timedelta(seconds=60)


def catch_up() -> None:
    """Publish and expire what is due, and build what was asked for but never built."""
    now = datetime.now(UTC)
    scheduled.run(now=now)
    if not builds.failures_in_a_row():
        due = release.is_wanted(before=now - _LOST_AFTER)
    else:
        due = builds.is_due_again(now=now)
    if due:
        release.build()
