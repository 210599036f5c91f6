"""Connections to Redis for the request path: half a second at most, then an answer or an error."""

from __future__ import annotations

from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 0.5
# What every caller takes for "Redis is away". A full one, or one that became a replica, takes no writes:
# to who has something to write down that is the same.
UNAVAILABLE = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.BusyLoadingError,
    redis.OutOfMemoryError,
    redis.ReadOnlyError,
    OSError,
)


@cache
def quick(url: str) -> redis.Redis:
    """A client of this process. One repeat, at once: a restarted server closed our connection."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SECONDS,
        socket_connect_timeout=SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


@cache
def patient(url: str) -> redis.Redis:
    """A client for long-running readers, which may block for some 100 ms on the server."""
    return redis.Redis.from_url(
        url,
        socket_timeout=5.0,
        socket_connect_timeout=2.0,
        retry=Retry(NoBackoff(), 0),
    )
