"""What an editor takes away is gone at once: no worker runs in these tests, so nothing is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from wagtail.documents import get_document_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Page, PageViewRestriction

from cms.changes import publishing
from cms.models import ContentPage, SiteImage
from cms.releases import release, shelf

SECRET = b"When you read this website"


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks are handed over, and nobody takes them."""
    monkeypatch.setattr(publishing, "build_soon", lambda wish: None)


@pytest.fixture
def commit(django_capture_on_commit_callbacks: Callable[..., object]):  # type: ignore[no-untyped-def]
    return lambda: django_capture_on_commit_callbacks(execute=True)


def take_away(page: Page, how: str) -> None:
    if how == "unpublish":
        page.unpublish()
    elif how == "delete":
        page.delete()
    elif how == "move":
        page.move(Page.objects.get(slug="terms"), pos="last-child")
    elif how == "rename":
        page.slug = "data"
        page.save_revision().publish()
    else:
        PageViewRestriction.objects.create(
            page=page, restriction_type=PageViewRestriction.PASSWORD, password="secret"
        )


@pytest.mark.parametrize("how", ["unpublish", "delete", "restrict", "move", "rename"])
def test_a_page_that_was_taken_away_is_gone_before_anything_is_built(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit, how: str
) -> None:
    assert SECRET in visitor.get("/privacy/").content
    with commit():
        take_away(site.privacy, how)
    assert shelf.current() == built
    assert SECRET not in visitor.get("/privacy/").content


def test_pages_below_one_that_was_restricted_are_gone_with_it(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    with commit():
        take_away(site.blog, "restrict")
    for path in ("/blog/", "/blog/links-that-last/"):
        assert b'type="password"' in visitor.get(path).content


def test_lists_menus_feed_and_sitemap_stop_naming_it_at_once(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    address = f"/blog/{site.article.slug}/".encode()
    shown_at = ["/", "/blog/", "/feed.xml", "/sitemap.xml", "/blog/count-it-once/"]
    assert all(address in visitor.get(path).content for path in shown_at)
    with commit():
        site.article.unpublish()
    assert [path for path in shown_at if address in visitor.get(path).content] == []
    assert "public" in visitor.get("/terms/")["Cache-Control"], "which never named it"


def test_the_404_page_stops_naming_it_at_once(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    assert b'href="/privacy/"' in visitor.get("/nothing/").content
    with commit():
        site.privacy.unpublish()
    assert b'href="/privacy/"' not in visitor.get("/nothing/").content


def test_a_page_that_only_mentions_it_and_cannot_be_shown_anew_keeps_its_copy(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit, no_plans: None
) -> None:
    with commit():
        site.privacy.unpublish()
    answer = visitor.get("/pricing/")
    assert answer.status_code == 200
    assert b"Start with" in answer.content
    release.build()
    assert visitor.get("/pricing/").status_code == 200
    assert visitor.get("/privacy/").status_code == 404


def test_after_the_next_build_visitors_get_files_again(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit, shelf_folder: Path
) -> None:
    with commit():
        site.privacy.unpublish()
    assert "private" in visitor.get("/blog/")["Cache-Control"]
    assert any((shelf_folder / "withdrawn").iterdir())
    release.build()
    assert not any((shelf_folder / "withdrawn").iterdir())
    assert "public" in visitor.get("/blog/")["Cache-Control"]
    assert visitor.get("/privacy/").status_code == 404


def test_a_removal_that_was_rolled_back_removes_nothing(
    site: SimpleNamespace, built: shelf.Release, visitor: Client
) -> None:
    with transaction.atomic():
        site.privacy.unpublish()
        transaction.set_rollback(True)
    assert SECRET in visitor.get("/privacy/").content


def test_a_build_that_began_before_a_removal_does_not_bring_the_page_back(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    def remove(done: int, total: int, path: str) -> None:
        if done == total:
            site.privacy.unpublish()

    with commit():
        early = release.build(progress=remove)
    assert "privacy/" in early.entries, "it was read before"
    assert visitor.get("/privacy/").status_code == 404


def picture_in(site: SimpleNamespace) -> SiteImage:
    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file(size=(1600, 900)))
    site.article.image = picture
    site.article.save()
    return picture


def address_in(visitor: Client) -> str:
    page = visitor.get("/blog/links-that-last/").content.decode()
    return page.split('src="/media/')[1].split('"')[0] if 'src="/media/' in page else ""


def test_a_deleted_picture_is_gone_from_its_pages_and_from_the_releases(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    picture = picture_in(site)
    with_it = release.build()
    name = address_in(visitor)
    assert (with_it.folder / "media" / name).exists()
    with commit():
        picture.delete()
    assert address_in(visitor) == ""
    assert visitor.get(f"/media/{name}").status_code == 404
    assert not (with_it.folder / "media" / name).exists()


def test_a_replaced_picture_is_still_there_for_the_release_that_shows_it(
    site: SimpleNamespace, built: shelf.Release, visitor: Client, commit
) -> None:
    picture = picture_in(site)
    release.build()
    name = address_in(visitor)
    before = b"".join(visitor.get(f"/media/{name}").streaming_content)
    with commit():
        picture.file = get_test_image_file("other.png", size=(300, 300))
        picture.save()
    assert not Path(settings.MEDIA_ROOT, name).exists()
    assert address_in(visitor) == name
    assert b"".join(visitor.get(f"/media/{name}").streaming_content) == before
    release.build()
    assert address_in(visitor) != name
    assert visitor.get(f"/media/{name}").status_code == 200, "the release before is kept"


def test_a_picture_saved_by_code_is_not_shown_in_its_old_sizes(site: SimpleNamespace) -> None:
    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file(size=(100, 50)))
    assert (picture.get_rendition("width-100").height, picture.file_hash != "") == (50, True)
    picture.file = get_test_image_file("other.png", size=(100, 300))
    picture.save()
    again = SiteImage.objects.get(pk=picture.pk)
    assert again.get_rendition("width-100").height == 300


def test_a_document_saved_by_code_is_sent_anew_after_it_changed(
    site: SimpleNamespace, visitor: Client
) -> None:
    paper = get_document_model()(title="Paper")
    paper.file.save("paper.txt", ContentFile(b"first"), save=False)
    paper.save()
    address = f"/documents/{paper.pk}/paper.txt"
    first = visitor.get(address)
    assert first["ETag"] not in ('""', "")
    Path(paper.file.path).unlink()  # the new one gets the old name
    paper.file = ContentFile(b"second", name="paper.txt")
    paper.save()
    again = visitor.get(address, headers={"if-none-match": first["ETag"]})
    assert b"".join(again.streaming_content) == b"second"


def test_a_document_from_before_has_a_tag_of_its_content_as_well(
    site: SimpleNamespace, visitor: Client
) -> None:
    Document = get_document_model()
    paper = Document.objects.create(title="Paper", file=ContentFile(b"old", name="old.txt"))
    Document.objects.update(file_hash="")
    assert visitor.get(f"/documents/{paper.pk}/old.txt")["ETag"] not in ('""', "")


def test_words_that_led_to_an_unpublished_page_stay_without_the_link(
    site: SimpleNamespace, built: shelf.Release, visitor: Client
) -> None:
    terms = ContentPage.objects.get(slug="terms")
    site.privacy.body = f'<p>See <a linktype="page" id="{terms.pk}">the terms</a>.</p>'
    site.privacy.save_revision().publish()
    release.build()
    assert b'See <a href="/terms/">the terms</a>' in visitor.get("/privacy/").content
    terms.unpublish()
    assert b"See <a>the terms</a>" in visitor.get("/privacy/").content, "before a build"
    release.build()
    assert b"See <a>the terms</a>" in visitor.get("/privacy/").content
