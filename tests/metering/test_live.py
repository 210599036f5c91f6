"""The live process: a real uvicorn, a real Redis, real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace

import httpx
import pytest
from django.conf import settings as django_settings
from uuid_utils.compat import uuid7

from events import changes
from events.redis.redis_client import patient
from metering import live

ORIGIN = "http://acme.plg.localhost:8000"


@pytest.fixture(scope="module")
def server() -> Iterator[SimpleNamespace]:
    """A running process with room for four pages, two of them of one workspace."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stream = f"test-live-{uuid7().hex}"
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "plg_site.settings",
        "EVENTS_STREAM": stream,
        "LIVE_MAX_LISTENERS": "4",
        "LIVE_MAX_LISTENERS_PER_WORKSPACE": "2",
    }
    command = [
        sys.executable, "-m", "plg_site.live", "--port", str(port), "--heartbeat", "0.3"
    ]  # fmt: skip
    process = subprocess.Popen(command, env=env)
    url = f"http://127.0.0.1:{port}"
    found = SimpleNamespace(url=url, process=process, stream=stream)
    found.health = lambda: httpx.get(f"{url}/healthz").json()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if found.health()["hears"]:
                break
        except httpx.HTTPError:
            time.sleep(0.05)
    yield found
    process.kill()
    process.wait()


@pytest.fixture
def say(server, settings):
    """`say("w_acme")`: what the consumer says after a commit."""
    settings.EVENTS_STREAM = server.stream
    return lambda *schemas: changes.announce(patient(django_settings.REDIS_URL), schemas)


@pytest.fixture
def listen(server):
    """`listen("w_acme")` opens the stream as a page of acme does, and gives its lines."""
    with ExitStack() as open_pages:

        def start(schema: str = "w_acme", *, origin: str | None = ORIGIN, token: str | None = None):
            text = token or live.token(schema, origin=ORIGIN)
            headers = {"Origin": origin} if origin else {}
            client = open_pages.enter_context(httpx.Client(timeout=60))
            request = client.stream(
                "GET", f"{server.url}/live/usage", params={"token": text}, headers=headers
            )
            response = open_pages.enter_context(request)
            return SimpleNamespace(response=response, lines=response.iter_lines())

        yield start
    wait_for(lambda: server.health()["listeners"] == 0)


def wait_for(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def next_event(page) -> str:
    """The next line that says something, without comments and instructions."""
    deadline = time.monotonic() + 60
    for line in page.lines:
        if line.startswith("event:"):
            return line
        assert time.monotonic() < deadline
    raise AssertionError("The stream has ended.")


def test_an_open_page_hears_that_its_workspace_changed(listen, say):
    page = listen()
    assert page.response.status_code == 200
    assert page.response.headers["content-type"].startswith("text/event-stream")
    assert page.response.headers["access-control-allow-origin"] == ORIGIN
    say("w_globex", "w_acme")
    assert next_event(page) == "event: changed"


def test_a_page_hears_nothing_of_another_workspace(listen, say):
    page = listen()
    say("w_globex")
    lines = [next(page.lines) for _ in range(6)]
    assert not any(line.startswith("event:") for line in lines)
    assert ": still here" in lines


def test_many_changes_at_once_are_told_a_few_times_a_second(listen, say):
    page = listen()
    started = time.monotonic()
    for _ in range(50):
        say("w_acme")
    next_event(page)
    next_event(page)
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("token", ["", "nonsense", "e30:forged"])
def test_a_forged_token_hears_nothing(listen, token):
    assert listen(token=token or " ").response.status_code == 401


def test_a_token_signed_with_another_key_hears_nothing(listen, settings):
    settings.SECRET_KEY = "somebody else's"
    assert listen(token=live.token("w_acme", origin=ORIGIN)).response.status_code == 401


def test_an_expired_token_hears_nothing(listen):
    old = live.token("w_acme", origin=ORIGIN, now=time.time() - live.SECONDS - 1)
    assert listen(token=old).response.status_code == 401


def test_a_stream_ends_with_its_token(listen):
    page = listen(token=live.token("w_acme", origin=ORIGIN, now=time.time() - live.SECONDS + 1.5))
    started = time.monotonic()
    assert page.response.status_code == 200
    assert list(page.lines)
    assert time.monotonic() - started < 3


def test_a_page_of_another_address_may_not_use_the_token(listen):
    answer = listen(origin="http://globex.plg.localhost:8000").response
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_listeners_are_bounded_for_a_workspace_and_for_the_process(listen, server):
    answers = [listen().response for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    others = [listen(schema).response.status_code for schema in ("w_b", "w_c", "w_d")]
    assert others == [200, 200, 429]


def test_a_page_that_goes_away_makes_room(listen, server):
    page = listen()
    assert server.health()["listeners"] == 1
    page.response.close()
    wait_for(lambda: server.health()["listeners"] == 0)


def test_one_connection_to_redis_serves_all_pages(listen, server):
    pages = [listen(schema) for schema in ("w_a", "w_b", "w_c")]
    assert all(page.response.status_code == 200 for page in pages)
    clients = patient(django_settings.REDIS_URL).client_list(_type="pubsub")
    mine = [c for c in clients if int(c["sub"]) == 4]  # three workspaces, and its own
    assert len(mine) == 1


def test_losing_redis_ends_the_streams_and_pages_can_come_back(listen, server):
    page = listen("w_lost")
    client = patient(django_settings.REDIS_URL)
    [mine] = [c for c in client.client_list(_type="pubsub") if int(c["sub"]) == 2]
    client.client_kill_filter(_id=mine["id"])
    assert list(page.lines)  # to its end: the page asks by itself, and comes back
    wait_for(lambda: server.health()["hears"])
    assert listen("w_lost").response.status_code == 200


def test_the_page_gets_a_token_for_its_own_workspace_only(client_for, people, acme, globex):
    answer = client_for(people.acme_owner, acme).get("/usage/live/address/")
    assert answer["Cache-Control"].find("no-store") >= 0
    url = httpx.URL(answer.json()["url"])
    allowed = live.read(url.params["token"])
    assert allowed.channel == changes.channel(acme.schema_name)
    assert allowed.origin == acme.get_absolute_url().rstrip("/")
    assert client_for(people.acme_owner, globex).get("/usage/live/address/").status_code == 404
    assert client_for(None, acme).get("/usage/live/address/").status_code == 302


def test_a_term_signal_ends_it_although_pages_are_open(listen, server):
    """Last: it ends the process."""
    page = listen()
    server.process.send_signal(signal.SIGTERM)
    server.health = lambda: {"listeners": 0}
    assert server.process.wait(5) == -signal.SIGTERM  # uvicorn passes it on when it is done
    assert list(page.lines)
