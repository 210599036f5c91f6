"""Real processes that follow: killed at each named step, several at once, and with a dead one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest
from django.db import connection

from events.steps import STANDS
from plg_site.devstack.options import ROOT
from tests.events.log import an_event, both_stores
from tests.events.readers.conftest import TABLE
from tests.events.readers.follower import NAME

PATIENCE = 60.0


@pytest.fixture
def primary(committed):
    """The table of the handler, and nothing known of the reader."""

    def empty() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS readers_seen")
            cursor.execute("DELETE FROM events_readerposition WHERE reader = %s", [NAME])
            cursor.execute("DELETE FROM events_readeraside WHERE reader = %s", [NAME])

    empty()
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    yield
    empty()


def ask(query: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def seen() -> list:
    return [row[0] for row in ask("SELECT id FROM readers_seen ORDER BY n")]


@contextmanager
def follower(url: str, *options: str, stop_at: str = ""):
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PLG_STOP_AT": stop_at}
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.events.readers.follower", url, *options],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield started
    finally:
        started.kill()
        started.communicate(timeout=PATIENCE)


def wait_until_it_stands(process: subprocess.Popen) -> None:
    said: list[str] = []

    def listen() -> None:
        for line in process.stderr:
            said.append(line)
            if line.startswith(STANDS):
                return

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    listening.join(PATIENCE)
    assert "".join(said[-1:]).startswith(STANDS), "".join(said)[-3_000:]


def eventually(check, *, seconds: float = PATIENCE) -> None:
    give_up_at = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < give_up_at, (len(seen()), ask("TABLE events_readerposition"))
        time.sleep(0.05)


def store(log, count: int, **properties) -> list:
    events = [an_event(floor=n, **properties) for n in range(count)]
    log.store.append(events)
    return [event.id for event in events]


STEPS = ["readers.read", "readers.handled", "readers.moved", "readers.committed", "readers.failed"]


@both_stores
def test_a_follower_that_is_killed_at_each_step_has_written_each_event_once(
    log, events_database, primary
):
    good = store(log, 3)
    store(log, 1, bad=True)
    good += store(log, 23)
    for step in STEPS:
        with follower(events_database, stop_at=step) as process:
            wait_until_it_stands(process)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
    with follower(events_database) as process:
        eventually(lambda: len(seen()) >= len(good))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    assert seen() == good
    [(aside,)] = ask("SELECT count(*) FROM events_readeraside")
    assert aside == 1


@both_stores
def test_another_process_goes_on_where_a_dead_one_stood(log, events_database, primary):
    ids = store(log, 12)
    with follower(events_database, stop_at="readers.moved") as first:
        wait_until_it_stands(first)
        with follower(events_database, "--once") as looking:
            assert looking.wait(PATIENCE) != 0, "it looked, and found the reader busy"
        assert seen() == [], "while the first one lives, nobody else moves"
        with follower(events_database) as second:
            first.send_signal(signal.SIGKILL)
            first.wait(PATIENCE)
            began = time.monotonic()
            eventually(lambda: len(seen()) == 12)
            assert time.monotonic() - began < 30  # a look takes a second; a busy machine is slow
            assert second.poll() is None
    assert seen() == ids


@both_stores
def test_several_processes_share_a_reader_and_each_event_is_written_once(
    log, events_database, primary
):
    with follower(events_database), follower(events_database), follower(events_database):
        ids = []
        for _ in range(40):
            ids += store(log, 10)
        eventually(lambda: len(seen()) >= len(ids))
    assert seen() == ids
