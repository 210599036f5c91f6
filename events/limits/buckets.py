"""A bucket of so many in so long: "600/m" is 600 at once, which come back within a minute (GCRA).

The buckets are in Redis, shared by all processes. While it is away each process counts for itself:
nobody waits, and nobody is refused because of our outage.

Who uses one names it: `take("20/h", "mail-to:ada@example.com")`. What stands in a key is never read
back, so personal data may stand in it hashed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis.exceptions import RedisError
from throttled import MemoryStore, RateLimiterType, RedisStore, Throttled
from throttled.exceptions import BaseThrottledError
from throttled.rate_limiter import Quota, per_duration

from events import metrics
from events.redis.circuit import Circuit
from events.redis.redis_client import SECONDS

log = structlog.get_logger()
REFUSED = metrics.Counter(
    "plg_limit_refusals_total", "What a limit refused", labels=("limit",), most=40
)
_NAME = re.compile(r"[a-z][a-z_-]{1,30}")
_RATE = re.compile(r"([1-9]\d{0,6})/([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AWAY = (BaseThrottledError, RedisError, OSError)
_redis_circuit = Circuit("limits")


@dataclass(frozen=True)
class Rate:
    """`calls` in each `seconds`."""

    calls: int
    seconds: int


@dataclass(frozen=True)
class Taken:
    """What came of it: whether the bucket was `over`, how many remain, and in how many seconds one
    more would pass (`retry_after`) and all have come back (`full_after`)."""

    rate: Rate
    over: bool
    remaining: int
    retry_after: float
    full_after: float


@cache
def parse(text: str) -> Rate:
    """A Rate from "20/s", "600/m", "10000/h" or "50/d". Raises ImproperlyConfigured."""
    found = _RATE.fullmatch(text)
    if found is None:
        raise ImproperlyConfigured(f'A rate is like "600/m" (s, m, h or d), not "{text}".')
    return Rate(int(found[1]), _UNITS[found[2]])


def take(rate: str | Rate, key: str, *, cost: int = 1) -> Taken:
    """Take `cost` out of the bucket of this key; one that is over keeps what is in it."""
    wanted = parse(rate) if isinstance(rate, str) else rate
    result = _call(wanted, lambda limiter: limiter.limit(key, cost=cost))
    if result.limited:
        named = _NAME.match(key)
        REFUSED.add(1, named[0] if named else metrics.OTHER)
    state = result.state
    return Taken(wanted, result.limited, state.remaining, state.retry_after, state.reset_after)


def take_here(rate: str | Rate, key: str, *, cost: int = 1) -> Taken:
    """As `take`, of a bucket of this process alone: without a round trip, for who may not wait for one."""
    wanted = parse(rate) if isinstance(rate, str) else rate
    result = _local_limiter(wanted).limit(key, cost=cost)
    if result.limited:
        named = _NAME.match(key)
        REFUSED.add(1, named[0] if named else metrics.OTHER)
    state = result.state
    return Taken(wanted, result.limited, state.remaining, state.retry_after, state.reset_after)


def look(rate: str | Rate, key: str) -> Taken:
    """How the bucket stands; nothing is taken. `over` says that one more would be too many."""
    wanted = parse(rate) if isinstance(rate, str) else rate
    state = _call(wanted, lambda limiter: limiter.peek(key))
    # Not the library's `retry_after`, which says 0 of a bucket that has just been emptied.
    wait = state.reset_after - (wanted.calls - 1) * wanted.seconds / wanted.calls
    over = state.remaining < 1
    return Taken(wanted, over, state.remaining, max(wait, 0.0) if over else 0, state.reset_after)


def _call(rate: Rate, ask: Any) -> Any:
    if not _redis_circuit.is_open:
        try:
            result = ask(_limiter(rate, settings.REDIS_URL, settings.QUOTA_PREFIX))
        except _AWAY as error:
            if _redis_circuit.failed():
                log.warning("rates_counted_by_process", error=str(error))
        else:
            if _redis_circuit.succeeded():
                log.info("rates_counted_together_again")
            return result
    return ask(_local_limiter(rate))


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
