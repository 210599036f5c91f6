"""What has a date appears and ends by itself; one that cannot is told, and stops no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.management import call_command, load_command_class
from django.test import Client
from wagtail.models import Page, Revision

from cms.models import ContentPage
from cms.releases import catching_up, scheduled
from identity.models import User

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def schedule() -> Callable[..., Revision]:
    """`schedule(page, slug="new")`: a revision whose date has come, of a page that is as it was."""

    def make(page: Page, **fields: object) -> Revision:
        draft, due = page.specific_class.objects.get(pk=page.pk), datetime.now(UTC) - AN_HOUR
        for name, value in {**fields, "go_live_at": due}.items():
            setattr(draft, name, value)
        return draft.save_revision(approved_go_live_at=due)

    return make


@pytest.fixture
def catch_up(django_capture_on_commit_callbacks: Callable[..., object]) -> Callable[[], None]:
    def run() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            catching_up.catch_up()

    return run


@pytest.fixture
def clash(site: SimpleNamespace, schedule: Callable[..., Revision]) -> Revision:
    """Privacy shall get an address that another page has taken meanwhile."""
    revision = schedule(site.privacy, slug="clash")
    taken = ContentPage(title="Taken", slug="clash", body="<p>x</p>")
    site.home.add_child(instance=taken)
    return revision


def test_one_that_fails_keeps_its_date_and_stops_no_other(
    site: SimpleNamespace,
    clash: Revision,
    schedule: Callable[..., Revision],
    catch_up: Callable[[], None],
) -> None:
    schedule(site.home, hero_title="Later in the row")
    catch_up()
    site.home.refresh_from_db()
    assert site.home.hero_title == "Later in the row"
    clash.refresh_from_db()
    assert clash.approved_go_live_at is not None
    site.privacy.refresh_from_db()
    assert (site.privacy.slug, site.privacy.live) == ("privacy", True)


def test_it_is_published_once_what_was_in_its_way_is_gone(
    site: SimpleNamespace, clash: Revision, catch_up: Callable[[], None], visitor: Client
) -> None:
    catch_up()
    ContentPage.objects.get(slug="clash").delete()
    catch_up()
    assert visitor.get("/clash/").status_code == 200
    assert scheduled.of(now=datetime.now(UTC)) == []


def test_editors_are_told_on_their_dashboard_by_one_mail_and_operators_by_doctor(
    site: SimpleNamespace,
    clash: Revision,
    editor: User,
    client_for: Callable[..., Client],
    mailoutbox: list[mail.EmailMessage],
    catch_up: Callable[[], None],
) -> None:
    from plg_site.doctor import website

    catch_up()
    catch_up()
    [letter] = [each for each in mailoutbox if each.to == [editor.email]]
    assert "was not published" in letter.subject
    assert site.privacy.title in letter.body
    assert "clash" in letter.body
    dashboard = client_for(editor).get("/cms/").content.decode()
    assert f'href="/cms/pages/{site.privacy.pk}/edit/"' in dashboard
    assert "It is not published." in dashboard
    assert any("was not published" in finding.says for finding in website.look())


def test_what_cannot_end_is_told_too_and_stops_no_other(
    site: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    catch_up: Callable[[], None],
) -> None:
    terms = ContentPage.objects.get(slug="terms")
    due = datetime.now(UTC) - AN_HOUR
    Page.objects.filter(pk__in=[site.privacy.pk, terms.pk]).update(expire_at=due)
    end = scheduled._end

    def poisoned(page: Page) -> None:
        end(page)
        if page.pk == site.privacy.pk:
            raise RuntimeError("nobody has thought of this")

    monkeypatch.setattr(scheduled, "_end", poisoned)
    catch_up()
    assert not Page.objects.get(pk=terms.pk).live
    assert Page.objects.get(pk=site.privacy.pk).live
    [late] = scheduled.of(now=datetime.now(UTC))
    assert (late.page, late.ends) == (site.privacy.pk, True)
    assert "nobody has thought of this" in late.why


def test_the_command_of_that_name_is_ours(
    site: SimpleNamespace, clash: Revision, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.core.management import get_commands

    name = get_commands()["publish_scheduled"]
    assert load_command_class(name, "publish_scheduled").__module__.startswith("cms.")
    call_command("publish_scheduled")
    assert "clash" in capsys.readouterr().err
