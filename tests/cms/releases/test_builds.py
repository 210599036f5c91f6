"""A build that fails is shown to those who can mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from cms.releases import catching_up, release, shelf
from identity.models import User

WORDS = "/pricing/ answered 500 instead of 200."


def test_editors_see_it_on_their_dashboard_and_in_the_editor_of_the_page(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client], no_plans: None
) -> None:
    client = client_for(editor)
    assert "could not be built" not in client.get("/cms/").content.decode()
    release.build()
    dashboard = client.get("/cms/").content.decode()
    assert "The website could not be built" in dashboard
    assert f'href="/cms/pages/{site.pricing.pk}/edit/"' in dashboard
    assert WORDS in dashboard
    assert WORDS in client.get(f"/cms/pages/{site.pricing.pk}/edit/").content.decode()
    other = client.get(f"/cms/pages/{site.privacy.pk}/edit/").content.decode()
    assert "could not be built" not in other


def test_it_disappears_with_the_next_build_that_goes_well(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    from cms.models import SiteBuild

    SiteBuild.objects.create(started_at=datetime.now(UTC), problem="the disk is full")
    client = client_for(editor)
    assert "the disk is full" in client.get("/cms/").content.decode()
    release.build()
    assert "could not be built" not in client.get("/cms/").content.decode()


def test_editors_and_staff_get_one_mail_after_two_failures_in_a_row(
    site: SimpleNamespace,
    editor: User,
    people: SimpleNamespace,
    no_plans: None,
    mailoutbox: list[mail.EmailMessage],
    django_capture_on_commit_callbacks: Callable[..., object],
) -> None:
    people.globex_owner.is_staff = True
    people.globex_owner.save()

    def build() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            release.build()

    build()
    assert mailoutbox == [], "it may be a hiccup"
    build()
    assert sorted(letter.to[0] for letter in mailoutbox) == [
        "member@acme.example",
        "owner@globex.example",
    ]
    assert WORDS in mailoutbox[0].body
    build()
    assert len(mailoutbox) == 2, "nobody is told twice"


def test_a_build_that_failed_as_a_whole_is_noted_too(
    site: SimpleNamespace, settings: SimpleNamespace, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a-file").touch()
    settings.SITE_RELEASES_DIR = tmp_path / "a-file"
    with pytest.raises(OSError, match="a-file"):
        release.build()
    from cms.releases import builds

    broken = builds.broken()
    assert broken is not None
    assert "a-file" in broken.problem


def test_what_failed_is_tried_again_by_itself_less_and_less_often(
    site: SimpleNamespace, built: shelf.Release, no_plans: None
) -> None:
    from cms.models import SiteBuild
    from cms.releases import builds

    release.build()
    builds_before = SiteBuild.objects.count()
    ended = SiteBuild.objects.latest("pk").ended_at
    assert not builds.is_due_again(now=ended + timedelta(seconds=30))
    assert builds.is_due_again(now=ended + timedelta(seconds=61))
    catching_up.catch_up()
    assert SiteBuild.objects.count() == builds_before, "not yet"
    SiteBuild.objects.update(ended_at=ended - timedelta(minutes=2))
    catching_up.catch_up()
    assert SiteBuild.objects.count() == builds_before + 1
    assert not builds.is_due_again(now=datetime.now(UTC) + timedelta(minutes=3))
    assert builds.is_due_again(now=datetime.now(UTC) + timedelta(minutes=5))


def test_the_command_says_what_failed_and_ends_with_an_error(
    site: SimpleNamespace, built: shelf.Release, no_plans: None
) -> None:
    with pytest.raises(CommandError, match="/pricing/ answered 500"):
        call_command("build_site", quiet=True)
    assert shelf.current() != built
