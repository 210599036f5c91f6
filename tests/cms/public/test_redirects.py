"""Redirects of the website keep the query, never lead to themselves, and only to what is public."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction

from cms.models import ContentPage
from cms.releases.rendering import on_the_site
from tenants.models import Tenant


@pytest.fixture
def rename(django_capture_on_commit_callbacks: Callable[..., object]):  # type: ignore[no-untyped-def]
    def to(page: Page, slug: str, *, publish: bool = True) -> None:
        with on_the_site(), django_capture_on_commit_callbacks(execute=True):
            page.slug = slug
            if publish:
                page.save_revision().publish()
            else:
                page.save()

    return to


def leads_to(visitor: Client, path: str) -> str | None:
    answer = visitor.get(path)
    return answer["Location"] if answer.status_code in (301, 302) else None


def test_a_renamed_page_is_found_at_its_old_address(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    assert leads_to(visitor, "/privacy/") == "/data/"


def test_campaign_parameters_survive_a_renaming(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    query = "utm_source=poster&utm_campaign=sp%C3%A4t+im+Jahr"
    assert leads_to(visitor, f"/privacy/?{query}") == f"/data/?{query}"
    assert visitor.head(f"/privacy/?{query}")["Location"] == f"/data/?{query}"


def test_a_redirects_own_parameters_win(site: SimpleNamespace, visitor: Client) -> None:
    Redirect.objects.create(old_path="/poster", redirect_link="https://a.example/?utm_source=p#x")
    there = leads_to(visitor, "/poster/?utm_source=other&utm_medium=print")
    assert there == "https://a.example/?utm_source=p&utm_medium=print#x"


def test_a_page_that_was_renamed_away_and_back_and_unpublished_is_not_found(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    rename(site.privacy, "privacy")
    assert not Redirect.objects.filter(old_path="/privacy").exists()
    assert leads_to(visitor, "/data/") == "/privacy/"
    site.privacy.unpublish()
    assert visitor.get("/privacy/").status_code == 404
    assert visitor.get("/data/").status_code == 404


def test_a_redirect_to_itself_that_was_left_before_is_not_followed(
    site: SimpleNamespace, visitor: Client
) -> None:
    for link in ("/round/", f"{settings.SITE_URL}/round"):
        Redirect.objects.all().delete()
        Redirect.objects.create(old_path="/round", redirect_link=link)
        assert visitor.get("/round/").status_code == 404
        assert visitor.get("/round/?a=1").status_code == 404


def test_a_draft_leaves_no_redirect_from_its_working_title(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    draft = site.home.add_child(
        instance=ContentPage(title="Project X", slug="project-x", body="<p>x</p>", live=False)
    )
    rename(draft, "project-y", publish=False)
    rename(draft, "launch")
    assert visitor.get("/launch/").status_code == 200
    for working_title in ("/project-x/", "/project-y/"):
        assert visitor.get(working_title).status_code == 404


def test_a_page_that_was_public_leaves_no_redirect_from_a_working_title_either(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    site.privacy.refresh_from_db()
    with on_the_site():
        site.privacy.unpublish()
    rename(site.privacy, "red-secret-working-title", publish=False)
    rename(site.privacy, "red-second-title", publish=False)
    rename(site.privacy, "red-final")
    for title in ("red-secret-working-title", "red-second-title"):
        assert visitor.get(f"/{title}/").status_code == 404
    assert leads_to(visitor, "/data/") == "/red-final/"  # there it was public
    assert leads_to(visitor, "/privacy/") == "/red-final/"


def test_a_page_that_is_moved_while_it_is_not_public_is_found_where_it_was(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    with on_the_site():
        terms = ContentPage.objects.get(slug="terms")
        terms.unpublish()
        terms.move(site.privacy, pos="last-child")
    assert leads_to(visitor, "/terms/") is None
    rename(ContentPage.objects.get(pk=terms.pk), "conditions")
    assert leads_to(visitor, "/terms/") == "/privacy/conditions/"
    assert visitor.get("/privacy/terms/").status_code == 404


def test_the_new_address_of_a_page_that_is_not_for_everybody_is_told_to_nobody(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    PageViewRestriction.objects.create(page=site.privacy, restriction_type="login")
    rename(site.privacy, "for-partners-only")
    for path in ("/privacy/", "/data/"):
        assert "for-partners-only" not in (leads_to(visitor, path) or "")


def test_a_redirect_does_not_lead_to_a_page_that_is_not_public(
    site: SimpleNamespace, visitor: Client, rename
) -> None:
    rename(site.privacy, "data")
    site.privacy.unpublish()
    assert visitor.get("/privacy/").status_code == 404
    site.privacy.save_revision().publish()
    assert leads_to(visitor, "/privacy/") == "/data/"


def test_a_moved_page_that_comes_back_leads_nowhere_else(
    site: SimpleNamespace, visitor: Client
) -> None:
    terms = ContentPage.objects.get(slug="terms")
    with on_the_site():
        terms.move(site.privacy, pos="last-child")
    assert leads_to(visitor, "/terms/?a=b") == "/privacy/terms/?a=b"
    with on_the_site():
        ContentPage.objects.get(pk=terms.pk).move(site.home, pos="last-child")
    assert not Redirect.objects.filter(old_path="/terms").exists()
    assert leads_to(visitor, "/privacy/terms/") == "/terms/"


@pytest.mark.parametrize(
    ("address", "query", "joined"),
    [
        ("/a/", "", "/a/"),
        ("/a/", "x=1&x=2", "/a/?x=1&x=2"),
        ("/a/?b", "b=2&c=", "/a/?b&c="),
        ("https://h.example/a?b=1#top", "c=%00", "https://h.example/a?b=1&c=%00#top"),
    ],
)
def test_parameters_are_carried_as_they_were_asked(address: str, query: str, joined: str) -> None:
    from cms.public import redirects

    assert redirects.with_query(address, query) == joined


def test_a_page_of_a_workspace_asked_for_without_its_slash_keeps_the_query(
    acme: Tenant, client_for: Callable[..., Client]
) -> None:
    there = client_for(None, acme).get("/usage?meter=clicks&utm_source=mail")
    assert there["Location"] == "/usage/?meter=clicks&utm_source=mail"


@pytest.mark.parametrize(
    ("host", "path"),
    [
        (f"localhost{settings.PUBLIC_PORT_SUFFIX}", "/pricing/?utm_source=x"),
        (f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}", "/pricing?utm_source=x"),
        (f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}", "/login?utm_source=x"),
    ],
)
def test_the_products_own_redirects_keep_campaign_parameters(
    site: SimpleNamespace, host: str, path: str
) -> None:
    there = Client(headers={"host": host}).get(path)
    assert there.status_code in (301, 302)
    assert there["Location"].endswith("?utm_source=x")
