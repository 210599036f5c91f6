"""From an editor's click to what visitors see: content changes, commits, and the site is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.core.management import call_command
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError
from wagtail import signals
from wagtail.contrib.settings.models import AbstractSetting
from wagtail.models import Page, PageViewRestriction, Site

from cms import release
from cms.rendering import on_the_site

log = structlog.get_logger(__name__)

_paused: ContextVar[bool] = ContextVar("cms_publishing_paused", default=False)
_LOST_AFTER = timedelta(seconds=60)


def connect() -> None:
    """Build after everything that changes a public page. Called once, when apps are ready."""
    from cms.models import SiteImage

    for signal in (
        signals.page_published,
        signals.page_unpublished,
        signals.post_page_move,
    ):
        signal.connect(rebuild_after_commit, dispatch_uid="cms.publishing")
    for signal in (signals.published, signals.unpublished):
        signal.connect(_rebuild_after_snippet, dispatch_uid="cms.publishing.snippets")
    for model in (Site, PageViewRestriction, SiteImage):
        post_save.connect(rebuild_after_commit, sender=model, dispatch_uid="cms.publishing")
    for signal in (post_save, post_delete):
        signal.connect(_rebuild_after_other_edits, dispatch_uid="cms.publishing.others")


def rebuild_after_commit(**_: Any) -> None:
    """Note the wish in this transaction and hand it to a worker once it is committed."""
    if _paused.get():
        return
    wish = release.ask()
    transaction.on_commit(lambda: build_soon(wish), robust=True)


def _rebuild_after_snippet(sender: type[Model], **_: Any) -> None:
    """These two signals are sent for pages, too, beside the pages' own."""
    if not issubclass(sender, Page):
        rebuild_after_commit()


def _rebuild_after_other_edits(sender: type[Model], signal: Any, **_: Any) -> None:
    is_edit_of_setting = signal is post_save and issubclass(sender, AbstractSetting)
    is_deletion = signal is post_delete and (
        sender is Page or issubclass(sender, Site | PageViewRestriction | AbstractSetting)
    )
    if is_edit_of_setting or is_deletion:
        rebuild_after_commit()


def build_soon(wish: int) -> None:
    """Build in a worker; without a broker build here, so that visitors see the change anyway."""
    from cms.tasks import build_site

    try:
        # A connection of its own that gives up at once: the pooled ones retry for seven seconds.
        with build_site.app.connection_for_write(transport_options={"max_retries": 0}) as broker:
            build_site.apply_async((wish,), connection=broker, retry=False)
    except (OperationalError, KombuError, RedisError, OSError) as unreachable:
        log.warning("no broker, building the site in this process", error=str(unreachable))
        build_now(wish)


def build_now(wish: int) -> None:
    """Build in this process. A failure is logged: what the editor saved is saved."""
    try:
        release.build(wish=wish)
    except Exception:
        log.exception("the site was not built; visitors still see the release before")


def catch_up() -> None:
    """Publish and expire what is due, and build what was asked for but never built."""
    with on_the_site():  # a page that is published under a new address leaves a redirect behind
        call_command("publish_scheduled")
    if release.is_wanted(before=datetime.now(UTC) - _LOST_AFTER):
        release.build()


@contextmanager
def paused() -> Iterator[None]:
    """Change content without building the site; the caller builds once at the end."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)
