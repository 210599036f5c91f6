"""Sources are made and ended here: by staff, and by `manage.py create_source`; the log keeps by whom."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

import events
from identity.collecting import keys
from identity.event_types import SOURCE_CREATED, SOURCE_ENDED
from identity.models import Source, User
from identity.persons import person_of

MOST = 500  # sources that are not ended: every collector knows all of them


class NotMade(ValueError):
    """The source cannot be made. Says why."""


def create(name: str, *, kind: str, by: User | None = None) -> tuple[Source, str]:
    """A new source and its write key, which can be seen this once. Raises NotMade."""
    name = " ".join(name.split())
    if not 0 < len(name) <= 80 or not name.isprintable():
        raise NotMade("A source has a name of 1 to 80 characters.")
    if kind not in Source.Kind.values:
        raise NotMade(f"A source is one of: {', '.join(Source.Kind.values)}.")
    if Source.objects.filter(ended_at=None).count() >= MOST:
        raise NotMade(f"There are {MOST} sources. End one that nobody needs.")
    key = keys.made()
    try:
        with transaction.atomic():
            source = Source.objects.create(
                name=name, kind=kind, key_hash=keys.hashed(key), key_hint=keys.hint(key)
            )
            _record(SOURCE_CREATED.name, source, by)
    except IntegrityError:
        raise NotMade(f"There is a source named “{name}”, or there was one.") from None
    return source, key


def end(source: Source, *, by: User | None = None, now: datetime | None = None) -> bool:
    """Its key opens nothing from now on (a collector knows within seconds); its events stay. False:
    it had ended before."""
    with transaction.atomic():
        rows = Source.objects.filter(pk=source.pk, ended_at=None)
        has_ended = bool(rows.update(ended_at=now or timezone.now()))
        if has_ended:
            _record(SOURCE_ENDED.name, source, by)
    return has_ended


def _record(name: str, source: Source, by: User | None) -> None:
    events.record_with_row(
        name,
        person=person_of(by) if by else None,
        properties={"source_id": str(source.pk), "kind": source.kind},
    )
