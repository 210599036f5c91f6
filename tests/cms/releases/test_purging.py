"""Who keeps copies in front is told what has changed: after the release is there, and at once of what is
taken away. What fails there holds up nobody."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from celery import current_app
from django.conf import settings as django_settings

from cms import tasks
from cms.releases import purging, release, shelf

HOST = django_settings.SITE_URL.partition("://")[2]


class Cache:
    """Takes PURGE over HTTP, and notes what the site showed then."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.hosts: set[str] = set()
        self.shown: list[str] = []
        self.answers = 200
        cache = self

        class Handler(BaseHTTPRequestHandler):
            def do_PURGE(self) -> None:
                cache.told.append(self.path)
                cache.hosts.add(self.headers["Host"])
                current = shelf.current()
                cache.shown.append(current.id if current else "")
                self.send_response(cache.answers)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.location = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def cache():
    made = Cache()
    yield made
    made.close()


def http(*locations: str) -> dict[str, dict[str, object]]:
    backend = "cms.releases.http_cache.HTTPCache"
    return {"http": {"BACKEND": backend, "LOCATIONS": list(locations)}}


@pytest.fixture
def in_front(cache, settings) -> Cache:
    settings.WAGTAILFRONTENDCACHE = http(cache.location)
    return cache


def test_what_a_publish_changed_is_purged_once_the_release_is_there(site, built, publish, in_front):
    publish(site.privacy, intro="Another")
    assert {"/privacy/"} <= set(in_front.told)
    assert "/pricing/" not in in_front.told
    assert in_front.hosts == {HOST}
    assert set(in_front.shown) == {shelf.current().id}
    assert shelf.current().id != built.id


def test_a_build_that_changes_nothing_says_nothing(site, built, in_front):
    release.build()
    assert in_front.told == []


def test_what_is_new_and_what_is_gone_is_purged(site, built, in_front, publish):
    from cms.models import ContentPage

    new = ContentPage(title="Imprint", slug="imprint", body="<p>We</p>", live=False)
    page = site.home.add_child(instance=new)
    publish(page)
    assert "/imprint/" in in_front.told


def test_a_page_that_is_taken_away_is_purged_before_any_build(
    site, built, in_front, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(tasks.build_site, "apply_async", lambda *_, **__: None)  # no worker yet
    with django_capture_on_commit_callbacks(execute=True):
        site.privacy.unpublish()
    assert shelf.current().id == built.id
    assert "/privacy/" in in_front.told
    assert "/" in in_front.told, "its menu leads there"


def test_a_deleted_picture_is_purged(site, in_front, django_capture_on_commit_callbacks):
    from wagtail.images.tests.utils import get_test_image_file

    from cms.models import SiteImage

    picture = SiteImage.objects.create(title="A sign", file=get_test_image_file())
    small = picture.get_rendition("width-100")
    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()
    assert f"/media/{small.file.name}" in in_front.told


def test_an_address_is_said_as_browsers_say_it(in_front):
    purging.purge(["über/", "a b/", ""])
    assert in_front.told == ["/%C3%BCber/", "/a%20b/", "/"]


def test_of_very_many_all_of_the_site_is_purged(in_front, db):
    purging.soon([f"page-{number}/" for number in range(purging.MOST + 1)])
    assert in_front.told == ["/*"]


def test_without_anybody_in_front_nothing_is_queued(site, built, publish, settings, monkeypatch):
    settings.WAGTAILFRONTENDCACHE = {}
    monkeypatch.setattr(tasks.purge, "apply_async", lambda *_, **__: pytest.fail("It was."))
    publish(site.privacy, intro="Another")


def test_a_cache_that_refuses_or_is_away_is_a_failure_and_the_others_are_told(cache, settings):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings.WAGTAILFRONTENDCACHE = http(away, cache.location)
        with pytest.raises(purging.NotPurged, match="http: Connect"):
            purging.purge(["pricing/"])
    assert cache.told == ["/pricing/"]
    cache.answers = 405
    settings.WAGTAILFRONTENDCACHE = http(cache.location)
    with pytest.raises(purging.NotPurged, match="405"):
        purging.purge(["pricing/"])


def test_what_fails_is_tried_again_for_as_long_as_an_old_copy_may_be_shown():
    waits = [min(2 * 2**number, 128) for number in range(tasks.purge.max_retries)]
    assert sum(waits) > 60 + 600 - 60, "s-maxage and stale-while-revalidate, but for a minute"
    assert tasks.purge.retry_backoff == 2


def test_a_publish_goes_well_whatever_the_cache_does(site, built, publish, in_front, visitor):
    in_front.answers = 503
    publish(site.privacy, intro="Saved and shown all the same")
    assert b"Saved and shown all the same" in visitor.get("/privacy/").content
    assert "/privacy/" in in_front.told


def test_without_a_broker_it_is_told_from_here_and_nobody_waits(in_front, db):
    conf = current_app.conf
    before = {"task_always_eager": conf.task_always_eager, "broker_url": conf.broker_url}
    conf.update(task_always_eager=False, broker_url="redis://127.0.0.1:1/0")
    try:
        purging.soon(["pricing/"])
    finally:
        conf.update(**before)
    until = time.monotonic() + 10
    while in_front.told != ["/pricing/"]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_what_wagtails_backends_only_write_to_the_log_is_a_failure(settings):
    """Theirs for HTTP stands for all: it logs what failed, and returns."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        backend = "wagtail.contrib.frontend_cache.backends.HTTPBackend"
        location = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        settings.WAGTAILFRONTENDCACHE = {"other": {"BACKEND": backend, "LOCATION": location}}
        with pytest.raises(purging.NotPurged, match="other: Couldn't purge"):
            purging.purge(["pricing/"])
