"""How the site's builds went, and who is told when one fails.

Editors see it on their dashboard and in the editor of the page. After two failures in a row they
get a mail, once until a build goes well again.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from django.db import transaction

from cms.editing import letters
from cms.models import SiteBuild
from cms.releases.shelf import Failure, Release

MAIL_AFTER = 2  # failures in a row: one may be a hiccup
_FORGET_AFTER = timedelta(days=30)
_LONGEST_WAIT = timedelta(hours=1)
_WORDS = 1000  # characters of a problem


def note(
    *,
    started_at: datetime,
    release: Release | None = None,
    problem: str = "",
    now: datetime | None = None,
) -> SiteBuild:
    """Write down how a build ended, and tell the editors when it is time to."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        SiteBuild.objects.filter(started_at__lt=now - _FORGET_AFTER).delete()
        build = SiteBuild.objects.create(
            started_at=started_at,
            ended_at=now,
            release_id=release.id if release else "",
            failures=[asdict(failure) for failure in release.failures] if release else [],
            problem=problem[:_WORDS],
        )
        failed = failures_in_a_row()
        if len(failed) >= MAIL_AFTER and not any(each.mailed_at for each in failed):
            build.mailed_at = now
            build.save(update_fields=["mailed_at"])
            letters.tell_editors(build)
    return build


def failures_in_a_row() -> list[SiteBuild]:
    """The failed builds since the last one that went well, the newest first."""
    failed = []
    for build in SiteBuild.objects.order_by("-pk")[:100]:
        if build.went_well:
            break
        failed.append(build)
    return failed


def broken() -> SiteBuild | None:
    """The last build, when it failed."""
    last = SiteBuild.objects.order_by("-pk").first()
    return None if last is None or last.went_well else last


def failure_of(page: int) -> Failure | None:
    """Why the page with this id was not built the last time."""
    last = broken()
    every = [Failure(**failure) for failure in last.failures] if last else []
    return next((failure for failure in every if failure.page == page), None)


def is_due_again(*, now: datetime) -> bool:
    """Whether a failed build should be tried again: after 1, 4, 9 ... minutes, then each hour."""
    failed = failures_in_a_row()
    wait = min(timedelta(minutes=len(failed) ** 2), _LONGEST_WAIT)
    return bool(failed) and failed[0].ended_at + wait <= now
