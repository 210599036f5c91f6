"""Whether Redis keeps what it was given: recorded events wait there until they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import redis
from django.conf import settings

from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Redis"
_PATIENCE = 3  # seconds


def look() -> Iterator[Finding]:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
    )
    try:
        yield from _examine(client)
    except redis.RedisError as error:
        yield problem(f"does not answer: {error}", "Start Redis or Valkey, or correct REDIS_URL.")
    finally:
        client.close()


def _examine(client: redis.Redis) -> Iterator[Finding]:
    about = client.info()
    version = about.get("valkey_version") or about["redis_version"]
    if not about.get("aof_enabled"):
        yield problem(
            f"{version} keeps no append-only file: a crash loses events that were accepted",
            "Set appendonly yes and appendfsync always (a managed service: turn AOF on).",
        )
    elif about.get("aof_last_write_status", "ok") != "ok":
        yield problem("cannot write its append-only file", "Look at the disk of Redis.")
    elif (fsync := _setting(client, "appendfsync")) not in {"always", ""}:
        yield warning(
            f"{version} syncs its append-only file {fsync}: a crash may lose a second of events",
            "Set appendfsync always (docs/decisions/0010).",
            appendfsync=fsync,
        )
    else:
        yield fine(f"{version}, append-only file", appendfsync=fsync)
    policy = about.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and about.get("maxmemory"):
        yield problem(
            f"throws away keys when it is full ({policy}): events and tasks among them",
            "Set maxmemory-policy noeviction.",
            maxmemory_policy=policy,
        )


def _setting(client: redis.Redis, name: str) -> str:
    """Empty where CONFIG is not allowed, as in managed services."""
    try:
        return str(cast(dict[str, Any], client.config_get(name)).get(name, ""))
    except redis.ResponseError:
        return ""
