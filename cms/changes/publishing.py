"""From an editor's click to what visitors see: content changes, commits, and the site is built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError
from wagtail import signals
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage
from wagtail.models import Page, PageViewRestriction

from cms.changes import triggers
from cms.releases import following, purging, release, shelf, withdrawn
from cms.releases.rendering import on_the_site
from cms.tasks import build_site

log = structlog.get_logger(__name__)

_paused: ContextVar[bool] = ContextVar("cms_publishing_paused", default=False)


def connect() -> None:
    """Build after everything that changes a public page. Called once, when apps are ready."""
    signals.page_published.connect(rebuild_after_commit, dispatch_uid="cms.publishing")
    signals.page_unpublished.connect(_page_left, dispatch_uid="cms.publishing")
    signals.post_page_move.connect(_page_moved, dispatch_uid="cms.publishing")
    signals.page_slug_changed.connect(_page_renamed, dispatch_uid="cms.publishing")
    for signal in (signals.published, signals.unpublished):
        signal.connect(_rebuild_after_snippet, dispatch_uid="cms.publishing.snippets")
    post_save.connect(_page_restricted, sender=PageViewRestriction, dispatch_uid="cms.restricted")
    pre_delete.connect(_file_left, dispatch_uid="cms.publishing.files")
    for signal in (post_save, post_delete, m2m_changed):
        signal.connect(_rebuild_after_other_edits, dispatch_uid="cms.publishing.others")


def rebuild_after_commit(**_: Any) -> int | None:
    """Note the wish in this transaction and hand it to a worker once it is committed.

    Returns the wish's id; None while builds are paused.
    """
    if _paused.get():
        return None
    wish = release.ask()
    transaction.on_commit(lambda: build_soon(wish), robust=True)
    return wish


def _page_left(instance: Page, **_: Any) -> None:
    _withdraw([instance.pk])


def _page_moved(instance: Page, url_path_before: str, url_path_after: str, **_: Any) -> None:
    if url_path_before == url_path_after:  # only its place among its siblings
        rebuild_after_commit()
    else:
        _withdraw(_with_descendants(instance))


def _page_renamed(instance: Page, **_: Any) -> None:
    _withdraw(_with_descendants(instance))


def _page_restricted(instance: PageViewRestriction, **_: Any) -> None:
    _withdraw(_with_descendants(instance.page))


def _with_descendants(page: Page) -> list[int]:
    return list(page.get_descendants(inclusive=True).values_list("pk", flat=True))


def _withdraw(pages: list[int]) -> None:
    """These pages are gone from where they were; visitors see it at once, however long a build takes."""
    wish = rebuild_after_commit()
    if wish is None:
        return
    try:
        withdrawn.pages(pages, wish=wish)
        transaction.on_commit(following.tell_others, robust=True)
    except OSError:
        log.exception("pages could not be withdrawn before the next build", pages=pages)


def _file_left(sender: type[Model], instance: Any, **_: Any) -> None:
    """Pages that show a deleted picture or lead to a deleted document are asked for anew."""
    names: list[str] = []
    if issubclass(sender, AbstractImage):
        names = list(instance.renditions.values_list("file", flat=True))
        addresses = [f"{settings.MEDIA_URL}{name}" for name in names]
        transaction.on_commit(lambda: shelf.forget_pictures(names), robust=True)
        shown_at = [address.removeprefix("/") for address in addresses]
        transaction.on_commit(lambda: purging.soon(shown_at), robust=True)
    elif issubclass(sender, AbstractDocument):
        with on_the_site():
            addresses = [instance.url]
    else:
        return
    if not _paused.get():
        wish = release.ask()
        try:
            withdrawn.pictures(names, wish=wish)
            withdrawn.mentions_of(addresses, wish=wish)
            transaction.on_commit(following.tell_others, robust=True)
        except OSError:
            log.exception("pages still show a deleted file until the next build", file=addresses)


def _rebuild_after_snippet(sender: type[Model], **_: Any) -> None:
    """These two signals are sent for pages, too, beside the pages' own, and for what no page shows."""
    if triggers.shown(sender):
        rebuild_after_commit()


def _rebuild_after_other_edits(
    sender: type[Model], signal: Any, action: str = "", **_: Any
) -> None:
    is_deleted_page = signal is post_delete and sender is Page
    if is_deleted_page or (not action.startswith("pre_") and triggers.shown(sender)):
        rebuild_after_commit()


def build_soon(wish: int) -> None:
    """Build in a worker; without a broker build here, so that visitors see the change anyway."""
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


@contextmanager
def paused() -> Iterator[None]:
    """Change content without building the site; the caller builds once at the end."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)
