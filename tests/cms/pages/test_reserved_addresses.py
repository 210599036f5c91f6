"""A page never stands on an address that another view of the site answers."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import URLPattern, get_resolver
from wagtail.models import Page

from cms.models import ContentPage
from cms.releases import release
from identity.models import User

TITLES = ["Email", "Login", "Go", "Signup", "Workspaces", "CMS", "Static", "Invitations"]


def form_of(title: str, slug: str) -> dict[str, str]:
    comments = {
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
        "comments-MIN_NUM_FORMS": "0",
        "comments-MAX_NUM_FORMS": "",
    }
    body = '{"blocks": [], "entityMap": {}}'
    return {"title": title, "slug": slug, "body": body, **comments}


def words(answer) -> str:  # type: ignore[no-untyped-def]
    return answer.content.decode()


@pytest.mark.parametrize("title", TITLES)
def test_the_form_refuses_an_address_of_the_product_in_words(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client], title: str
) -> None:
    page = f"/cms/pages/add/cms/contentpage/{site.home.pk}/"
    slug = title.lower()
    answer = client_for(editor).post(page, {**form_of(title, slug), "action-publish": "1"})
    assert f"“/{slug}/” is an address of the product itself" in words(answer)
    assert not Page.objects.filter(slug=slug).exists()


def test_renaming_a_page_to_an_address_of_the_product_is_refused_even_as_a_draft(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    page = f"/cms/pages/{site.privacy.pk}/edit/"
    answer = client_for(editor).post(page, form_of("Privacy", "workspaces"))
    assert "is an address of the product itself" in words(answer)


def test_the_same_word_further_down_is_nobodys_address(site: SimpleNamespace) -> None:
    below = site.privacy.add_child(
        instance=ContentPage(title="Email", slug="email", body="<p>x</p>")
    )
    assert below.url_path.endswith("/privacy/email/")


def test_moving_a_page_to_an_address_of_the_product_is_refused_in_words(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    below = site.privacy.add_child(
        instance=ContentPage(title="Email", slug="email", body="<p>x</p>")
    )
    client = client_for(editor)
    move = f"/cms/pages/{below.pk}/move/{site.home.pk}/confirm/"
    assert "is an address of the product itself" in words(client.post(move, follow=True))
    below.refresh_from_db()
    assert below.url_path.endswith("/privacy/email/")


def test_moving_several_pages_at_once_is_refused_as_well(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client]
) -> None:
    below = site.privacy.add_child(
        instance=ContentPage(title="Email", slug="email", body="<p>x</p>")
    )
    address = f"/cms/bulk/wagtailcore/page/move/?id={below.pk}&next=/cms/"
    answer = client_for(editor).post(address, {"chooser": str(site.home.pk)}, follow=True)
    assert "is an address of the product itself" in words(answer)
    below.refresh_from_db()
    assert below.url_path.endswith("/privacy/email/")


@pytest.mark.parametrize("alias", ["", "on"])
def test_copying_a_page_to_an_address_of_the_product_is_refused_in_words(
    site: SimpleNamespace, editor: User, client_for: Callable[..., Client], alias: str
) -> None:
    said = {"new_title": "Go", "new_slug": "go", "new_parent_page": site.home.pk, "alias": alias}
    answer = client_for(editor).post(f"/cms/pages/{site.privacy.pk}/copy/", said)
    assert "is an address of the product itself" in words(answer)
    assert not Page.objects.filter(slug="go").exists()


def test_code_that_makes_copies_moves_or_renames_pages_is_held_to_it(
    site: SimpleNamespace,
) -> None:
    below = site.privacy.add_child(
        instance=ContentPage(title="Email", slug="email", body="<p>x</p>")
    )
    refused: list[Callable[[], object]] = [
        lambda: site.home.add_child(instance=ContentPage(title="Login", body="<p>x</p>")),
        lambda: site.privacy.copy(update_attrs={"slug": "signup"}),
        lambda: site.privacy.create_alias(update_slug="go"),
        lambda: below.move(site.home, pos="last-child"),
        lambda: _rename(site.privacy, "staff"),
    ]
    for make in refused:
        with pytest.raises(ValidationError, match="an address of the product itself"):
            make()


def _rename(page: Page, slug: str) -> None:
    page.slug = slug
    page.save(clean=False)


def test_a_page_that_stood_there_before_can_be_unpublished(site: SimpleNamespace) -> None:
    stands_there(site.privacy, "email")
    from cms.pages import reserved

    page = ContentPage.objects.get(pk=site.privacy.pk)
    assert reserved.reserved_pages() == [page.page_ptr]
    page.unpublish()
    assert not ContentPage.objects.get(pk=page.pk).live


def test_a_page_that_stood_there_before_keeps_no_other_from_being_built(
    site: SimpleNamespace,
) -> None:
    stands_there(site.privacy, "email")
    built = release.build()
    assert "terms/" in built.entries
    assert "email/" not in built.entries


def stands_there(page: Page, slug: str) -> None:
    """As it was made by an older version, or before the product claimed the address."""
    path = page.url_path.replace(f"/{page.slug}/", f"/{slug}/")
    Page.objects.filter(pk=page.pk).update(slug=slug, url_path=path)


def test_every_view_of_the_site_is_among_the_reserved_addresses() -> None:
    from cms.pages import reserved

    taken = reserved.first_segments()
    assert {"login", "cms", "api", "static", "media", "healthz", "sitemap.xml"} <= taken
    patterns = get_resolver("plg_site.urls.site").url_patterns
    views = [p for p in patterns if isinstance(p, URLPattern)]
    assert views, "those that stand in the project's own file"
    assert {str(view.pattern).split("/")[0] for view in views} <= taken
