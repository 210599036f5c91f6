"""An open page hears that something came for its person: a real live process, Redis and HTTP."""

from __future__ import annotations

import time
from types import SimpleNamespace

import httpx
import pytest

from events import live
from outbound import notifications
from outbound.bell import feed, ringing
from outbound.bell.feed import Looker
from outbound.running import Runner
from tests.metering.test_live import next_event, server, wait_for  # noqa: F401 (fixture)

HERE = "/notifications/"


@pytest.fixture
def listen(server, settings):  # noqa: F811
    """Opens the stream at an address that a page has been given, and gives its lines."""
    settings.EVENTS_STREAM, settings.LIVE_URL = server.stream, server.url
    opened = []

    def start(url: str, *, origin: str) -> SimpleNamespace:
        client = httpx.Client(timeout=5)
        request = client.stream("GET", url, headers={"Origin": origin})
        response = request.__enter__()
        opened.append((request, client))
        return SimpleNamespace(response=response, lines=response.iter_lines())

    yield start
    for request, client in opened:
        request.__exit__(None, None, None)
        client.close()
    wait_for(lambda: server.health()["listeners"] == 0)


def listen_at(client, acme) -> tuple[str, str]:
    """Where a page of acme listens, as it is told; and its origin."""
    return client.get(f"{HERE}news/").json()["listen"], acme.get_absolute_url().rstrip("/")


def give(user, tenant, capture) -> None:
    with capture(execute=True):
        notifications.send([user], title="It is ready", topic="workspace", tenant=tenant)
        Runner().one_pass()


def test_an_open_page_hears_what_comes_for_its_person_and_no_other(
    listen, client_for, people, acme, django_capture_on_commit_callbacks
):
    url, origin = listen_at(client_for(people.acme_owner, acme), acme)
    page = listen(url, origin=origin)
    assert page.response.status_code == 200
    give(people.acme_member, acme, django_capture_on_commit_callbacks)
    give(people.acme_owner, acme, django_capture_on_commit_callbacks)
    assert next_event(page) == "event: changed"
    assert next(page.lines) == "data: notifications"


def test_what_came_while_the_page_was_on_its_way_is_heard_too(
    listen, client_for, people, acme, django_capture_on_commit_callbacks
):
    url, origin = listen_at(client_for(people.acme_owner, acme), acme)
    give(people.acme_owner, acme, django_capture_on_commit_callbacks)
    assert next_event(listen(url, origin=origin)) == "event: changed"


def test_what_came_before_the_page_is_not_told_again(
    listen, client_for, people, acme, django_capture_on_commit_callbacks
):
    give(people.acme_owner, acme, django_capture_on_commit_callbacks)
    later = time.time() + 2
    text = live.token(ringing.channel(people.acme_owner.pk), origin="http://x", now=later)
    url, _ = listen_at(client_for(people.acme_owner, acme), acme)
    page = listen(url.partition("?")[0] + "?token=" + text, origin="http://x")
    heard = [next(page.lines) for _ in range(6)]  # hello, and then heartbeats
    assert not any(line.startswith("event") for line in heard)


def test_another_page_hears_that_it_was_read(
    listen, client_for, people, acme, django_capture_on_commit_callbacks
):
    give(people.acme_owner, acme, django_capture_on_commit_callbacks)
    url, origin = listen_at(client_for(people.acme_owner, acme), acme)
    page = listen(url, origin=origin)
    with django_capture_on_commit_callbacks(execute=True):
        assert feed.read(Looker(people.acme_owner, acme.pk)) == 1
    assert next_event(page) == "event: changed"


def test_the_page_of_another_address_may_not_listen(listen, client_for, people, acme):
    url, _ = listen_at(client_for(people.acme_owner, acme), acme)
    assert listen(url, origin="http://evil.example").response.status_code == 403


def test_without_redis_it_comes_all_the_same(people, acme, settings):
    """The next page shows it."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    ringing.ring(people.acme_owner.pk)
    live.announce(ringing.channel(people.acme_owner.pk))
