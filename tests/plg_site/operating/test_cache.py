"""The cache goes on in memory while Redis is away."""

from __future__ import annotations

import time

import pytest

from plg_site.operating.cache import RedisOrLocalCache


@pytest.fixture
def without_redis() -> RedisOrLocalCache:
    """A cache whose Redis is at a port where nothing listens."""
    options = {"OPTIONS": {"socket_connect_timeout": 0.2}}
    return RedisOrLocalCache("redis://127.0.0.1:9/0", options)


def test_it_keeps_values_in_memory(without_redis):
    without_redis.set("answer", 42)
    assert without_redis.get("answer") == 42
    assert without_redis.add("answer", 1) is False
    assert without_redis.get_or_set("other", lambda: 7) == 7


def test_it_counts_so_that_rate_limits_hold(without_redis):
    without_redis.set("tries", 1)
    assert without_redis.incr("tries") == 2
    assert without_redis.decr("tries") == 1


def test_it_does_not_ask_a_dead_redis_on_every_call(without_redis):
    without_redis.get("first")
    started = time.monotonic()
    for _ in range(1000):
        without_redis.get("again")
    assert without_redis._retry_at > started - 1
    assert time.monotonic() < without_redis._retry_at + 1


def test_it_uses_redis_when_it_is_there(settings):
    configured = settings.CACHES["default"]
    cache = RedisOrLocalCache(configured["LOCATION"], configured)
    other_process = RedisOrLocalCache(configured["LOCATION"], configured)
    cache.set("shared", "yes", 5)
    assert other_process.get("shared") == "yes"
