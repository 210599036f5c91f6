"""How fast an API may be called: one bucket for each key, and one for each workspace.

A rate "600/m" is a bucket of 600 calls that fills up again within a minute (GCRA). The buckets are in
Redis; while it is away each process counts for itself, so that nobody waits and nobody is refused
because of our outage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import RedisError
from throttled import MemoryStore, RateLimiterType, RedisStore, Throttled
from throttled.exceptions import BaseThrottledError
from throttled.rate_limiter import Quota, per_duration

from events.circuit import Circuit
from events.redis_client import SECONDS

log = structlog.get_logger()
_RATE = re.compile(r"([1-9]\d{0,6})/([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_AWAY = (BaseThrottledError, RedisError, OSError)
_redis_circuit = Circuit()


@dataclass(frozen=True)
class Rate:
    """`calls` in each `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Standing:
    """Where a bucket stands after a call: `remaining` calls now, all of them after `full_after` s."""

    name: str
    rate: Rate
    remaining: int
    full_after: float


class RateExceeded(Exception):
    """Too fast. `retry_after` is in seconds."""

    def __init__(self, standings: Sequence[Standing], *, retry_after: float) -> None:
        self.standings = standings
        self.retry_after = max(1, math.ceil(retry_after))
        exceeded = standings[-1]
        whose = {"key": "This key", "workspace": "This workspace"}[exceeded.name]
        every = {1: "second", 60: "minute", 3600: "hour"}[exceeded.rate.seconds]
        seconds = "a second" if self.retry_after == 1 else f"{self.retry_after} seconds"
        super().__init__(
            f"{whose} may make {exceeded.rate.calls:,} calls a {every}. Try again in {seconds}."
        )


def count_call(*, key: str, workspace: str) -> list[Standing]:
    """Count a call of this key in this workspace. Raises RateExceeded."""
    standings: list[Standing] = []
    for name, whose, rate in (
        ("key", key, settings.API_RATE_PER_KEY),
        ("workspace", workspace, settings.API_RATE_PER_WORKSPACE),
    ):
        parsed = parse(rate)
        result = _hit(parsed, f"{name}:{whose}")
        state = result.state
        standings.append(Standing(name, parsed, state.remaining, state.reset_after))
        if result.limited:
            raise RateExceeded(standings, retry_after=state.retry_after)
    return standings


@cache
def parse(text: str) -> Rate:
    """A Rate from "20/s", "600/m" or "10000/h". Raises ImproperlyConfigured."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ImproperlyConfigured(f'A rate is like "600/m" (s, m or h), not "{text}".')
    return Rate(int(found[1]), _UNITS[found[2]])


def _hit(rate: Rate, key: str):  # type: ignore[no-untyped-def]  # the library's RateLimitResult
    if not _redis_circuit.is_open:
        try:
            result = _limiter(rate, settings.REDIS_URL, settings.QUOTA_PREFIX).limit(key)
        except _AWAY as error:
            if _redis_circuit.failed():
                log.warning("rates_counted_by_process", error=str(error))
        else:
            if _redis_circuit.succeeded():
                log.info("rates_counted_together_again")
            return result
    return _local_limiter(rate).limit(key)


@cache
def _limiter(rate: Rate, url: str, prefix: str) -> Throttled:
    timeouts = {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS}
    return Throttled(
        using=RateLimiterType.GCRA.value,
        quota=_quota(rate),
        store=RedisStore(server=url, options={"CONNECTION_POOL_KWARGS": timeouts}),
        key_prefix=f"{prefix}-rate",
    )


@cache
def _local_limiter(rate: Rate) -> Throttled:
    return Throttled(using=RateLimiterType.GCRA.value, quota=_quota(rate), store=MemoryStore())


def _quota(rate: Rate) -> Quota:
    return per_duration(timedelta(seconds=rate.seconds), rate.calls, burst=rate.calls)
