"""The default cache: Redis, or this process's memory while Redis is away.

Rate limits and the host lookup read through the cache; a sign-up at 2 AM must not fail because Redis
restarts. While it is away the limits are per process, and nothing waits for a time-out twice a second.
"""

import time
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

RETRY_AFTER = 1.0  # seconds between two tries of a Redis that did not answer
_CALLS = frozenset(
    [
        "add",
        "get",
        "set",
        "touch",
        "delete",
        "get_many",
        "set_many",
        "delete_many",
        "has_key",
        "incr",
        "clear",
    ]
)


class KeptClient(RedisCacheClient):
    """Django makes a client object for every call, 0.3 ms each; one for each pool will do."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        pool = self._get_connection_pool(write)  # type: ignore[attr-defined]
        if not hasattr(pool, "kept_client"):
            pool.kept_client = self._client(connection_pool=pool)  # type: ignore[attr-defined]
        return pool.kept_client


class KeptRedisCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient


class RedisOrLocalCache(BaseCache):
    """Forwards every call to Redis; on a connection error to a local memory cache."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = KeptRedisCache(server, params)
        self._local = LocMemCache(f"without-redis-{id(self)}", {})
        self._retry_at = 0.0

    def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._retry_at:
            try:
                return getattr(self._redis, name)(*args, **kwargs)
            except RedisError:
                self._retry_at = time.monotonic() + RETRY_AFTER
        return getattr(self._local, name)(*args, **kwargs)


def _forwarding(name: str) -> Any:
    def call(self: RedisOrLocalCache, *args: Any, **kwargs: Any) -> Any:
        return self._call(name, *args, **kwargs)

    call.__name__ = name
    return call


for _name in _CALLS:
    setattr(RedisOrLocalCache, _name, _forwarding(_name))
