"""Each process says a number of itself; the mean of those that have said it lately is read."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from events import pressure
from events.pressure import gauges
from events.redis import Keys, quick

KEY = Keys("test-events").gauge("warmth")


@pytest.fixture(autouse=True)
def clean():
    client = quick(django_settings.REDIS_URL)
    yield
    gauges._own.pop("warmth", None)
    client.delete(KEY)


def say(process: str, value: float, monkeypatch) -> None:
    monkeypatch.setattr(gauges, "_process", lambda: process)
    pressure.gauge("warmth", lambda: value)
    gauges.say()


def test_it_is_the_mean_of_all_processes(monkeypatch):
    say("one", 10, monkeypatch)
    say("two", 30, monkeypatch)
    say("two", 40, monkeypatch)
    assert pressure.read_gauge("warmth") == 25


def test_who_says_nothing_any_more_does_not_count_and_leaves_nothing_behind(monkeypatch):
    client = quick(django_settings.REDIS_URL)
    say("one", 10, monkeypatch)
    seconds, _ = client.time()
    client.hset(KEY, "gone", f"{seconds - gauges.GOOD_FOR - 5} 90")
    assert pressure.read_gauge("warmth") == 10
    say("one", 20, monkeypatch)
    assert client.hkeys(KEY) == [b"one"]


def test_without_anybody_or_without_redis_it_is_not_known(settings, monkeypatch):
    assert pressure.read_gauge("warmth") is None
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    say("one", 10, monkeypatch)
    assert pressure.read_gauge("warmth") is None
