from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from celery import current_app
from django.test import Client
from wagtail.models import Page, Site

from cms.models import BuildRequest
from cms.releases import catching_up, release, shelf


@pytest.fixture
def no_broker() -> Iterator[None]:
    """Nothing listens where the broker should be."""
    conf = current_app.conf
    before = {"task_always_eager": conf.task_always_eager, "broker_url": conf.broker_url}
    conf.update(task_always_eager=False, broker_url="redis://127.0.0.1:1/0")
    yield
    conf.update(**before)


def test_what_an_editor_publishes_is_what_the_visitor_sees(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, publish: Callable[..., Page]
) -> None:
    publish(site.home, hero_title="Signs for everybody")
    assert b"Signs for everybody" in visitor.get("/").content


def test_without_a_broker_the_site_is_built_at_once(
    site: SimpleNamespace,
    built: shelf.Release,
    visitor: Client,
    publish: Callable[..., Page],
    no_broker: None,
) -> None:
    started = time.monotonic()
    publish(site.home, hero_title="Published without a broker")
    assert time.monotonic() - started < 10
    assert b"Published without a broker" in visitor.get("/").content


def test_a_build_that_fails_does_not_undo_what_was_published(
    site: SimpleNamespace,
    built: shelf.Release,
    publish: Callable[..., Page],
    no_broker: None,
    settings: SimpleNamespace,
    tmp_path: Path,
) -> None:
    folder, settings.SITE_RELEASES_DIR = settings.SITE_RELEASES_DIR, tmp_path / "a-file"
    (tmp_path / "a-file").touch()
    publish(site.home, hero_title="Saved all the same")
    settings.SITE_RELEASES_DIR = folder
    assert site.home.hero_title == "Saved all the same"
    assert shelf.current() == built


def test_publishing_one_page_asks_for_one_build(
    site: SimpleNamespace, publish: Callable[..., Page]
) -> None:
    before = BuildRequest.objects.count()
    publish(site.privacy, title="Privacy, again")
    assert BuildRequest.objects.count() == before + 1


def test_saving_a_draft_builds_nothing(
    site: SimpleNamespace, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    before = BuildRequest.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        site.privacy.title = "Draft"
        site.privacy.save_revision()
    assert BuildRequest.objects.count() == before


@pytest.mark.parametrize("how", ["unpublish", "delete", "move", "rename the site"])
def test_other_changes_of_the_site_are_built_too(
    site: SimpleNamespace,
    built: shelf.Release,
    how: str,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    terms = Page.objects.get(slug="terms")
    with django_capture_on_commit_callbacks(execute=True):
        if how == "unpublish":
            terms.specific.unpublish()
        elif how == "delete":
            terms.delete()
        elif how == "move":
            terms.move(site.privacy, pos="last-child")
        else:
            Site.objects.get().save()
    now = shelf.current()
    assert now is not None
    assert now.id != built.id
    assert ("terms/" in now.entries) == (how == "rename the site")
    assert ("privacy/terms/" in now.entries) == (how == "move")


def test_a_page_with_a_date_is_published_when_the_date_has_come(
    site: SimpleNamespace,
    built: shelf.Release,
    visitor: Client,
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    site.home.hero_title = "Scheduled title"
    site.home.go_live_at = soon
    revision = site.home.save_revision(approved_go_live_at=soon)
    with django_capture_on_commit_callbacks(execute=True):
        catching_up.catch_up()
    assert b"Scheduled title" not in visitor.get("/").content
    reached = datetime.now(UTC) - timedelta(minutes=1)
    revision.approved_go_live_at = reached
    revision.content["go_live_at"] = reached.isoformat()
    revision.save()
    with django_capture_on_commit_callbacks(execute=True):
        catching_up.catch_up()
    assert b"Scheduled title" in visitor.get("/").content


def test_a_wish_whose_task_was_lost_is_built_by_the_next_round(
    site: SimpleNamespace, built: shelf.Release
) -> None:
    release.ask(now=datetime.now(UTC) - timedelta(minutes=5))
    catching_up.catch_up()
    now = shelf.current()
    assert now is not None
    assert now.id != built.id
    catching_up.catch_up()
    assert shelf.current() == now
