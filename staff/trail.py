"""The trail of who looked at what: written by the pages about one thing, read by all staff."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from identity.models import User
from staff.models import Look

_AGAIN = timedelta(minutes=5)  # a page that is loaded again is the same look
_A_TIME = 5_000  # rows that `forget` removes in one statement


@dataclass(frozen=True)
class Kind:
    """`names(ids)` says what the things are called today; one that is gone is left out. `route` is
    the name of their page, whose only argument is the id."""

    names: Callable[[Collection[UUID]], Mapping[UUID, str]]
    route: str


_kinds: dict[str, Kind] = {}


def register(key: str, kind: Kind) -> None:
    """Let looks at things of this kind be written and read."""
    _kinds[key] = kind


def kind(key: str) -> Kind | None:
    """How things of this kind are named; None for one that no app knows any more."""
    return _kinds.get(key)


def note(by: User, key: str, subject: UUID, *, now: datetime | None = None) -> None:
    """`by` looks at it now."""
    now = now or timezone.now()
    mine = Look.objects.filter(by=by, kind=key, subject=subject, at__gt=now - _AGAIN)
    if not mine.exists():
        Look.objects.create(by=by, kind=key, subject=subject, at=now)


def forget(*, now: datetime | None = None) -> int:
    """Remove what is older than STAFF_TRAIL_DAYS. Returns how many looks."""
    before = (now or timezone.now()) - timedelta(days=settings.STAFF_TRAIL_DAYS)
    gone = 0
    while True:
        old = list(Look.objects.filter(at__lt=before).values_list("pk", flat=True)[:_A_TIME])
        if not old:
            return gone
        gone += Look.objects.filter(pk__in=old).delete()[0]
