"""Transport and store away under load: nothing acknowledged is lost, and then all is caught up with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis

from events.errors import EventsNotAccepted
from plg_site.devstack import ports, programs
from plg_site.devstack.stack import Stack
from plg_site.walk.browser import Browser
from tests.stack.survival import load, truth

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

SECONDS = [15, pytest.param(120, marks=pytest.mark.endurance)]  # without each of them
FULL_FOR = 10  # seconds
RATE = 500  # events a second that are recorded besides the requests


@pytest.mark.parametrize("seconds", SECONDS)
def test_a_time_without_redis_and_one_without_the_store_lose_nothing(
    stack, store_door, tmp_path, capsys, seconds
):
    """They overlap by half: the transport alone is away, then both, then the store alone."""
    workspace = load.furnish(stack, f"outage-{seconds}")
    workspace.answer_within = load.PATIENT
    try:
        with load.under_load(stack, workspace, tmp_path, rate=RATE) as done:
            time.sleep(1)
            stack.kill("redis", stay_down=True)
            time.sleep(seconds / 2)
            store_door.close()
            time.sleep(seconds / 2)
            stack.restart("redis")
            time.sleep(seconds / 2)
            answer = workspace.ask("GET", "/api/v1/usage", headers=workspace.login)
            assert answer is not None
            assert answer.status == 503, "usage cannot be read, and says so"
    finally:
        stack.restart("redis")
        store_door.open()
    said = catch_up(stack)
    truth.must_hold(stack, workspace, done)
    with capsys.disabled():
        print(f"\n  {seconds} s without Redis, {seconds} s without the store:", end=" ")
        print(f"{len(done.kept)} recorded, {len(done.clicks_kept)} clicks; {said}")
    assert done.clicks_lost == [], "a click was not taken, though there was room on the disk"


def test_a_full_redis_is_no_worse_than_one_that_is_away(stack, tmp_path, capsys):
    """Who empties it goes on, or it would stay full for ever; what comes waits on the disk."""
    workspace = load.furnish(stack, "full")
    workspace.answer_within = load.PATIENT
    redis_server = redis.Redis.from_url(stack.env["REDIS_URL"])
    consumer = stack.process("events").pid
    try:
        with load.under_load(stack, workspace, tmp_path, rate=RATE) as done:
            time.sleep(1)
            redis_server.config_set("maxmemory", "1mb")
            with pytest.raises(redis.OutOfMemoryError):
                redis_server.set("one more", "1")
            _sign_up(stack, "while-full")
            time.sleep(FULL_FOR)
            assert redis_server.xlen("events") == 0, "what was in it is taken out"
    finally:
        redis_server.config_set("maxmemory", "0")
    said = catch_up(stack)
    truth.must_hold(stack, workspace, done)
    with capsys.disabled():
        print(f"\n  {FULL_FOR} s of a full Redis: {len(done.kept)} recorded,", end=" ")
        print(f"{len(done.clicks_kept)} clicks; {said}")
    assert done.clicks_lost == []
    assert stack.process("events").pid == consumer, "the process that empties it did not end"


def _sign_up(stack: Stack, slug: str) -> None:
    """As a person does; the workspace's first page is there at the end."""
    browser = Browser()
    form = browser.open(f"{stack.site_url}/signup/").form(field="workspace_name")
    answers = {
        "name": "Nora New", "email": f"owner@{slug}.example", "workspace_name": slug, "slug": slug,
        "password1": "correct horse battery",
    }  # fmt: skip
    page = browser.submit(form, answers)
    assert str(page.url).startswith(stack.workspace_url(slug)), page.url


def catch_up(stack: Stack) -> str:
    """Wait until neither stream nor spool hold anything; says how many events a second that were."""
    stream = redis.Redis.from_url(stack.env["REDIS_URL"])
    spool = Path(stack.env["STATE_DIR"]) / "spool"
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"], autocommit=True) as store:
        began, before = time.monotonic(), _stored(store)
        while stream.xlen("events") or any(spool.glob("*.jsonl")):
            assert time.monotonic() - began < load.PATIENCE, "what waited is not stored"
            time.sleep(0.05)
        seconds, stored = time.monotonic() - began, _stored(store) - before
    return f"{stored} that waited stored in {seconds:.1f} s, {stored / seconds:,.0f} events/s"


def _stored(store: psycopg.Connection[tuple[int]]) -> int:
    row = store.execute("SELECT count(*) FROM event").fetchone()
    return row[0] if row else 0


@pytest.fixture
def tight_web(stack: Stack, tmp_path: Path) -> Iterator[load.Workspace]:
    """A second web process with little room, whose stream nobody reads."""
    port = ports.find_free()
    env = stack.env | {
        "STATE_DIR": str(tmp_path),
        "EVENTS_STREAM": f"tight-{uuid4().hex}",
        "EVENTS_STREAM_MAX_LENGTH": "20",
        "EVENTS_SPOOL_MAX_BYTES": "3000",
        "WEB_WORKERS": "1",
    }
    program = programs.web(replace(stack.addresses, port=port), env)
    stack.supervisor.start(replace(program, name="web-tight", ready=lambda: ports.answers(port)))
    workspace = load.furnish(stack, "tight")
    workspace.answer_within = load.PATIENT
    workspace.port = port
    stack.wait_until_ready("web-tight")
    yield workspace
    stack.kill("web-tight", stay_down=True)


def test_when_stream_and_spool_are_full_the_caller_is_told_and_it_is_counted(stack, tight_web):
    done = load.Load()
    for _ in range(60):
        done.click(tight_web)
    kept, tried = len(done.clicks_kept), len(done.clicks_tried)
    assert 20 <= kept < tried, "the stream takes 20, the spool a few more, and the rest is refused"
    event = {"specversion": "1.0", "id": "1", "source": "test", "type": "Conversion Reported"}
    as_event = tight_web.login | {"Content-Type": "application/cloudevents+json"}
    answer = tight_web.ask("POST", "/api/v1/events", event, as_event)
    assert answer is not None
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    stream = stack.process("web-tight").program.env["EVENTS_STREAM"]
    client = redis.Redis.from_url(stack.env["REDIS_URL"])
    assert int(client.get(f"{{{stream}}}:waiting")) == 20
    until = time.monotonic() + load.PATIENCE
    while (counted := refused(client, stream)) <= tried - kept:
        assert time.monotonic() < until, f"{counted} of {tried - kept} clicks and an event counted"
        time.sleep(0.2)
    spool = Path(stack.process("web-tight").program.env["STATE_DIR"]) / "spool"
    assert sum(path.stat().st_size for path in spool.iterdir()) <= 3000


def refused(client: redis.Redis, stream: str) -> int:
    """Events that nobody could keep, as all processes together have counted them."""
    return int(client.hget(f"{{{stream}}}:refused", EventsNotAccepted.reason) or 0)
