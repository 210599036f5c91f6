"""What an editor has given a date: pages that appear by themselves, and that end.

Each is done alone, in a transaction. One that fails stops no other and keeps its date: it is tried
again in the next round, and editors are told, on their dashboard and once by mail. (Wagtail's own
command takes the date away before it saves, in no transaction, and ends with the first that fails.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.apps import apps
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from wagtail.models import DraftStateMixin, Page, Revision

from cms.editing import letters
from cms.editing.late import Late
from cms.releases.rendering import on_the_site

log = structlog.get_logger(__name__)
LATE_AFTER = timedelta(minutes=2)  # two rounds: one failure may be a hiccup
_KEPT, _TOLD = 24 * 3600, 30 * 24 * 3600  # seconds
_WORDS = 300  # characters of a reason
_MOST = 20  # that are shown


def run(*, now: datetime) -> None:
    """Publish and end what is due. Raises nothing because of a single one."""
    with on_the_site():  # a page that is published under a new address leaves a redirect behind
        for due in _to_end(now):
            for pk in list(due.values_list("pk", flat=True)):
                _alone(due, pk, _end)
        appearing = _to_publish(now)
        for pk in list(appearing.values_list("pk", flat=True)):
            _alone(appearing, pk, _publish)
    for late in of(now=now):
        if cache.add(f"{late.key}:told", True, _TOLD):
            letters.tell_of_late(late)


def of(*, now: datetime) -> list[Late]:
    """What is late, the oldest first. It is read from the content: nothing is lost with a cache."""
    late = [
        _late_revision(revision)
        for revision in _to_publish(now - LATE_AFTER).select_related("content_type")[:_MOST]
    ]
    for due in _to_end(now - LATE_AFTER):
        late += [_late_end(each) for each in due[:_MOST]]
    return sorted(late, key=lambda each: each.due)


def _to_publish(now: datetime) -> QuerySet[Revision]:
    return Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at")


def _to_end(now: datetime) -> Iterator[QuerySet[Any]]:
    for model in apps.get_models():
        if model is Page or (issubclass(model, DraftStateMixin) and not issubclass(model, Page)):
            due = model._default_manager.filter(live=True, expire_at__lt=now)
            yield due.order_by("expire_at")


def _publish(revision: Revision) -> None:
    revision.publish(log_action="wagtail.publish.scheduled")


def _end(instance: Any) -> None:
    instance.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")


def _alone(due: QuerySet[Any], pk: object, work: Callable[[Any], None]) -> None:
    """Unless it is no longer due, or another process is at it."""
    key = _key(due.model, pk)
    try:
        with transaction.atomic():
            held = due.select_for_update(skip_locked=True, of=("self",))
            if (row := held.filter(pk=pk).first()) is not None:
                work(row)
    except Exception as error:
        log.exception("cms.scheduled_failed", what=key)
        cache.set(f"{key}:why", _words(error), _KEPT)


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)[:_WORDS]
    return f"{type(error).__name__}: {error}"[:_WORDS]


def _key(model: type[Any], pk: object) -> str:
    return f"scheduled:{model._meta.label_lower}:{pk}"


def _why(key: str) -> str:
    return str(cache.get(f"{key}:why") or "The reason is in the worker's log.")


def _late_revision(revision: Revision) -> Late:
    key = _key(Revision, revision.pk)
    model = revision.content_type.model_class()
    is_page = model is not None and issubclass(model, Page)
    page = int(revision.object_id) if is_page else None
    assert revision.approved_go_live_at is not None  # noqa: S101 (it was asked for)
    return Late(key, page, revision.object_str, False, revision.approved_go_live_at, _why(key))


def _late_end(instance: Any) -> Late:
    key = _key(type(instance), instance.pk)
    page = instance.pk if isinstance(instance, Page) else None
    return Late(key, page, str(instance), True, instance.expire_at, _why(key))
