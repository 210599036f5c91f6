"""The website of a product that has said nothing of its own yet: none of the sample's words are on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from wagtail.models import Page, Site

from cms.changes import publishing
from cms.models import HomePage
from cms.releases import release, shelf
from cms.seed import seed_site, website
from plg_site.configuration.site_file import Brand

OF_THE_SAMPLE = re.compile(r"signpost|\bclicks?\b|short links?|acme\.to", re.IGNORECASE)
TEXT = {".html", ".xml", ".txt", ".json"}


@pytest.fixture
def bookshelf(settings, db, shelf_folder: Path) -> None:
    """A new product in a fresh copy: it has no website.py."""
    settings.PRODUCT_APP = "tests.stub_product"
    settings.BRAND = Brand(
        name="Bookshelf & Sons", line="books for teams", claim="Books for teams."
    )
    settings.WAGTAIL_SITE_NAME = "Bookshelf & Sons"
    with publishing.paused():
        Site.objects.all().delete()
        for home in HomePage.objects.all():
            home.delete()
    seed_site(demo=True)


def words_of(file: Path) -> str:
    return re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", file.read_text(), flags=re.DOTALL)


def test_no_page_of_the_release_has_a_word_of_the_samples(bookshelf: None) -> None:
    built = release.build()
    assert not built.failures
    current = shelf.current()
    assert current is not None
    files = [path for path in current.folder.rglob("*") if path.suffix in TEXT and path.is_file()]
    assert len([path for path in files if path.suffix == ".html"]) >= 6
    found = {
        path.name: OF_THE_SAMPLE.findall(words_of(path))
        for path in files
        if OF_THE_SAMPLE.search(words_of(path))
    }
    assert found == {}
    home = (current.folder / "index.html").read_text()
    assert "Bookshelf &amp; Sons" in home
    assert "Books for teams" in home


@pytest.mark.parametrize("path", ["/login/", "/signup/", "/password/reset/", "/no-such-page/"])
def test_no_page_of_the_sign_in_has_one(
    bookshelf: None, client_for: Callable[..., Client], path: str
) -> None:
    page = client_for().get(path).content.decode()
    said = re.sub(r"<[^>]+>", " ", page)
    assert not OF_THE_SAMPLE.search(said)
    assert "Bookshelf &amp; Sons" in page


def test_privacy_and_terms_are_whole_sentences_for_both(bookshelf: None, settings) -> None:
    for app in ("tests.stub_product", "product"):
        settings.PRODUCT_APP = app
        for page in website().pages:
            assert not re.search(
                r"\b(NAME|CONTENT|HAPPENED|READERS|STAYS|FOR|CONTACT)\b", str(page)
            )
    assert Page.objects.filter(slug__in=["privacy", "terms"]).count() == 2
