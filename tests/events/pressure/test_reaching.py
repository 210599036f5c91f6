"""A change reaches processes that already run; without Redis by the row, without both the last holds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection

from events import pressure, shedding
from events.models import OutboxEvent, PressureChange
from events.redis import Circuit, Keys, quick
from events.shedding import standing

NOBODY = "redis://127.0.0.1:1/0"
FOLLOWS = """
import sys, time, django
django.setup()
from events import shedding
before, until = None, time.monotonic() + 120
while time.monotonic() < until:
    level = shedding.level()
    if level != before:
        print(level, flush=True)
        before = level
    if level == 3:
        break
    time.sleep(0.05)
"""


@pytest.fixture
def at_level(committed, pressure_of):
    """`at_level(2)`: set by hand, and committed."""

    def put(level: int) -> None:
        now = datetime.now(UTC)
        pressure.by_hand(level, until=now + timedelta(hours=1), because="A test", by="a test")

    yield put
    PressureChange.objects.all().delete()
    OutboxEvent.objects.all().delete()


@pytest.mark.thorough
def test_a_process_that_runs_learns_of_each_change(at_level):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", FOLLOWS], cwd=django_settings.BASE_DIR, env=environment,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "0\n"
        for level in (1, 2, 3):
            at_level(level)
            assert process.stdout.readline() == f"{level}\n"
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(30)


def test_without_redis_the_row_says_it(at_level, settings, monkeypatch):
    at_level(2)
    standing.forget()
    settings.REDIS_URL = NOBODY
    standing.look()
    assert shedding.known().hand == 2


def test_what_redis_has_lost_is_told_to_it_again(at_level):
    at_level(2)
    quick(django_settings.REDIS_URL).delete(Keys(django_settings.EVENTS_STREAM).pressure)
    standing.forget()
    assert standing.look().hand == 2
    assert quick(django_settings.REDIS_URL).exists(Keys(django_settings.EVENTS_STREAM).pressure)


def test_without_both_what_was_known_last_holds(at_level, settings, monkeypatch):
    at_level(2)
    settings.REDIS_URL = NOBODY
    shut = Circuit("nobody", retry_after=3600)
    shut.failed()
    monkeypatch.setattr(standing, "_database", shut)
    standing.look()
    assert shedding.known().hand == 2


def test_an_older_one_does_not_overwrite_a_newer_one_in_redis(pressure_of):
    shedding.tell(shedding.Standing(version=5, own=2))
    shedding.tell(shedding.Standing(version=4, own=1))
    assert standing.look().own == 2


def test_of_a_database_that_was_restored_the_row_holds(pressure_of):
    shedding.tell(shedding.Standing(version=50, own=2))
    shedding.tell(shedding.Standing(version=4, own=1), surely=True)
    assert standing.look().own == 1


def test_of_two_at_the_same_moment_both_are_written_one_after_the_other(at_level):
    begins = threading.Barrier(2)

    def change(level: int) -> None:
        try:
            begins.wait(30)
            at_level(level)
        finally:
            connection.close()

    threads = [threading.Thread(target=change, args=[level]) for level in (1, 2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert {line.hand for line in pressure.history()} == {1, 2}
    assert [line.version for line in pressure.history()] == [2, 1]
