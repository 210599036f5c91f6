"""What anybody may read is the same for everybody, so that a cache in front may keep it."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

KEPT = "max-age=0, public, s-maxage=60, stale-while-revalidate=600, stale-if-error=86400"
SOMEBODY = {
    "a stranger": {},
    "who has been here": {django_settings.VISITOR_COOKIE_NAME: "0192d0a0-0000-7000-8000-00000000000a"},
    "a cookie that is no session": {django_settings.SESSION_COOKIE_NAME: "abc"},
    "a session that is over": {django_settings.SESSION_COOKIE_NAME: "x" * 32},
    "made up": {"sessionid": "1", "messages": "x", django_settings.CSRF_COOKIE_NAME: "y" * 32},
}  # fmt: skip


def _is_of_nobody(answer) -> None:
    assert not answer.cookies
    assert "cookie" not in answer.get("Vary", "").lower()


def _directives(answer) -> set[str]:
    return {each.strip() for each in answer["Cache-Control"].split(",")}


@pytest.mark.parametrize("who", SOMEBODY)
def test_every_released_page_comes_without_cookies_and_may_be_kept(client_for, built, who):
    client = client_for()
    client.cookies.load(SOMEBODY[who])
    for path, entry in built.entries.items():
        if path == "404.html":
            continue
        answer = client.get(f"/{path}")
        assert answer.content == (built.folder / entry.file).read_bytes()
        _is_of_nobody(answer)
        assert _directives(answer) == set(KEPT.split(", "))
        assert answer["ETag"]
        assert answer["Last-Modified"]


def test_so_they_do_for_who_is_signed_in(client_for, people, built):
    client = client_for(people.acme_owner)
    for path in built.entries:
        answer = client.get(f"/{path}")
        _is_of_nobody(answer)


def test_also_an_answer_that_nothing_has_changed(visitor, built):
    tag = visitor.get("/pricing/")["ETag"]
    answer = visitor.get("/pricing/", headers={"if-none-match": tag, "accept": "text/html"})
    assert answer.status_code == 304
    _is_of_nobody(answer)
    assert _directives(answer) == set(KEPT.split(", "))


def test_a_page_of_one_visitor_is_never_for_all(client_for, people, built):
    """What a cache goes by: `public`."""
    client = client_for(people.acme_owner)
    addresses = ("/login/", "/signup/", "/go/", "/workspaces/", "/account/", "/cookies/", "/email/")
    for path in (*addresses, "/no-such-page/", "/pricing", "/visits/"):
        assert "public" not in client.get(path).get("Cache-Control", ""), path


def test_reading_brings_cookies_to_forms_alone(client_for, built):
    """Nothing on the site brings one but sign-in, and what a form needs."""
    known = {django_settings.CSRF_COOKIE_NAME, "plg_came"}
    for path in ("/", "/no-such-page/", "/docs/api/", "/sitemap.xml", "/feed.xml", "/robots.txt"):
        assert not client_for().get(path).cookies, path
    for path in ("/login/", "/signup/", "/cookies/"):
        assert set(client_for().get(path).cookies) <= known, path
