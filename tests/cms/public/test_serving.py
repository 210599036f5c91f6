from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.test import Client
from wagtail.models import PageViewRestriction

from cms.models import ContentPage, SiteImage
from cms.releases import release, shelf


def test_a_page_comes_from_the_release(visitor: Client, built: shelf.Release) -> None:
    response = visitor.get("/pricing/")
    assert response.status_code == 200
    assert response.content == (built.folder / "pricing/index.html").read_bytes()
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert int(response["Content-Length"]) == len(response.content)


def test_a_page_that_was_not_changed_is_not_sent_again(
    visitor: Client, built: shelf.Release
) -> None:
    first = visitor.get("/pricing/")
    by_tag = visitor.get("/pricing/", headers={"if-none-match": first["ETag"]})
    by_time = visitor.get("/pricing/", headers={"if-modified-since": first["Last-Modified"]})
    assert (by_tag.status_code, by_time.status_code) == (304, 304)
    assert by_tag.content == b""
    assert by_tag["ETag"] == first["ETag"]


def test_the_tag_of_an_unchanged_page_outlives_a_release(
    visitor: Client, built: shelf.Release
) -> None:
    first = visitor.get("/privacy/")
    release.build()
    assert visitor.get("/privacy/", headers={"if-none-match": first["ETag"]}).status_code == 304


def test_a_head_request_answers_like_get_without_the_page(
    visitor: Client, built: shelf.Release
) -> None:
    got, head = visitor.get("/pricing/"), visitor.head("/pricing/")
    assert head.content == b""
    for name in ("ETag", "Last-Modified", "Content-Length", "Content-Type"):
        assert head[name] == got[name]


@pytest.mark.parametrize(
    ("asked", "sent_to"),
    [
        ("/pricing", "/pricing/"),
        ("/pricing?plan=pro", "/pricing/?plan=pro"),
        ("/blog/links-that-last", "/blog/links-that-last/"),
        ("/login", "/login/"),
    ],
)
def test_a_missing_slash_is_added(
    visitor: Client, built: shelf.Release, asked: str, sent_to: str
) -> None:
    response = visitor.get(asked)
    assert (response.status_code, response["Location"]) == (301, sent_to)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/release.json",
        "/release.json",
        "/pricing/index.html",
        "/pricing/../release.json",
        "//etc/passwd",
        "/C:%5Cwindows%5Cwin.ini",
        "/no-such-page/",
        "/no-such-page",
        "/a/b/c/d/e/",
    ],
)
def test_what_is_not_a_page_gets_the_404_page(
    visitor: Client, built: shelf.Release, path: str
) -> None:
    response = visitor.get(path)
    assert response.status_code == 404
    assert b"This sign points nowhere" in response.content


@pytest.mark.parametrize("path", ["/%00/", "/blog/%00.html", "/pricing/%00"])
def test_a_nul_in_an_address_reaches_no_file(
    visitor: Client, built: shelf.Release, path: str
) -> None:
    response = visitor.get(path)
    assert response.status_code == 400
    assert b"We could not read that request" in response.content


def test_posting_to_a_page_is_refused(visitor: Client, built: shelf.Release) -> None:
    response = visitor.post("/pricing/")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_without_a_release_pages_are_rendered_live(visitor: Client, site: SimpleNamespace) -> None:
    for path in ("/", "/pricing/", "/blog/links-that-last/", "/sitemap.xml", "/feed.xml"):
        assert visitor.get(path).status_code == 200
    assert visitor.get("/no-such-page/").status_code == 404


def test_a_live_page_that_is_not_in_the_release_yet_is_rendered(
    visitor: Client, site: SimpleNamespace, built: shelf.Release
) -> None:
    site.home.add_child(instance=ContentPage(title="Imprint", slug="imprint", body="<p>We</p>"))
    response = visitor.get("/imprint/")
    assert response.status_code == 200
    assert "private" in response["Cache-Control"]
    assert visitor.get("/imprint")["Location"] == "/imprint/"


def test_a_private_page_asks_for_its_password_and_is_not_cached(
    visitor: Client, site: SimpleNamespace
) -> None:
    PageViewRestriction.objects.create(
        page=site.privacy, restriction_type=PageViewRestriction.PASSWORD, password="secret"
    )
    release.build()
    response = visitor.get("/privacy/")
    assert b"When you read this website" not in response.content
    assert b'type="password"' in response.content
    assert "private" in response["Cache-Control"]


def test_a_release_that_vanishes_under_a_reader_is_no_error(
    visitor: Client, built: shelf.Release
) -> None:
    visitor.get("/pricing/")
    shutil.rmtree(built.folder)
    assert visitor.get("/pricing/").status_code == 200
    assert visitor.get("/no-such-page/").status_code == 404


def test_a_page_sets_neither_session_nor_form_cookie(visitor: Client, built: shelf.Release) -> None:
    cookies = visitor.get("/").cookies
    assert django_settings.SESSION_COOKIE_NAME not in cookies
    assert django_settings.CSRF_COOKIE_NAME not in cookies


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/robots.txt", "text/plain; charset=utf-8"),
        ("/sitemap.xml", "application/xml"),
        ("/feed.xml", "application/atom+xml; charset=utf-8"),
    ],
)
def test_what_machines_read_has_its_own_type(
    visitor: Client, built: shelf.Release, path: str, kind: str
) -> None:
    response = visitor.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, kind)
    assert django_settings.SITE_URL.encode() in response.content


def test_the_404_page_is_nobodys_address(visitor: Client, built: shelf.Release) -> None:
    assert visitor.get("/404.html").status_code == 404


def test_every_link_on_the_seeded_pages_leads_somewhere(
    visitor: Client, built: shelf.Release
) -> None:
    linked = set()
    address = re.compile(rf'href="(?:{re.escape(django_settings.SITE_URL)})?(/[^"#?]*)')
    for entry in built.entries.values():
        if entry.content_type.startswith("text/html"):
            content = (built.folder / entry.file).read_text()
            linked |= set(address.findall(content))
    pages = {path for path in linked if not path.startswith("/static/")}
    assert {"/pricing/", "/blog/", "/signup/", "/feed.xml"} <= pages
    broken = {path for path in pages if visitor.get(path).status_code not in (200, 302)}
    assert not broken


def test_pages_say_what_they_are_to_machines(visitor: Client, built: shelf.Release) -> None:
    article = visitor.get("/blog/links-that-last/").content.decode()
    address = f"{django_settings.SITE_URL}/blog/links-that-last/"
    assert f'<link rel="canonical" href="{address}">' in article
    assert f'<meta property="og:url" content="{address}">' in article
    assert '<meta property="og:type" content="article">' in article
    assert '<meta name="description" content="Most links die of reorganisation' in article
    assert article.count("<h1") == 1


def test_pricing_shows_the_plans_of_the_catalogue(visitor: Client, built: shelf.Release) -> None:
    from cms import slots

    page = visitor.get("/pricing/").content.decode()
    plans = slots.get("pricing")()
    assert plans
    for plan in plans:
        assert f"/signup/?plan={plan.key}" in page
        assert plan.name in page


def test_the_folder_of_releases_is_never_listed(
    visitor: Client, built: shelf.Release, shelf_folder: Path
) -> None:
    assert visitor.get(f"/{built.id}/").status_code == 404
    assert visitor.get("/current/").status_code == 404


def test_an_uploaded_image_is_shown_and_nothing_else_of_the_media_folder(
    visitor: Client, site: SimpleNamespace
) -> None:
    from wagtail.images.tests.utils import get_test_image_file

    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file(size=(1600, 900)))
    site.article.image = picture
    site.article.save()
    release.build()
    page = visitor.get("/blog/links-that-last/").content.decode()
    sources = re.findall(
        rf'(?:src|content)="(?:{re.escape(django_settings.SITE_URL)})?(/media/[^"]+)"', page
    )
    assert len(sources) == 2, "in the article, and for where it is shared"
    for source in sources:
        assert visitor.get(source)["Cache-Control"] == "public, max-age=86400"
    assert visitor.get(f"/media/{picture.file.name}").status_code == 404
    documents = Path(django_settings.MEDIA_ROOT, "documents")
    documents.mkdir(parents=True, exist_ok=True)
    (documents / "secret.pdf").write_bytes(b"%PDF")
    assert visitor.get("/media/documents/secret.pdf").status_code == 404
    assert visitor.get("/media/images/../documents/secret.pdf").status_code == 404
    assert visitor.get("/media/images/").status_code == 404
