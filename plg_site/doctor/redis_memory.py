"""Whether Redis keeps what it was given: recorded events wait there until they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import redis
from django.conf import settings

from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Redis"
_PATIENCE = 3  # seconds
_OLDEST = (7, 0)  # which knows scripts that may run while it is full
_NEARLY_FULL = 0.8


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
    if _numbers(about["redis_version"]) < _OLDEST:
        yield problem(
            f"is of version {about['redis_version']}, which refuses our scripts",
            "Use Redis 7.0 or newer, or Valkey.",
        )
    used, most = int(about.get("used_memory", 0)), int(about.get("maxmemory", 0))
    if most and used > _NEARLY_FULL * most:
        yield warning(
            f"{used / most:.0%} of its memory is used: once it is full, events wait on the disks of the"
            " web processes",
            "Give it more (maxmemory), or look at what fills it (MEMORY DOCTOR).",
            used_memory=used,
            maxmemory=most,
        )
    policy = about.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and about.get("maxmemory"):
        yield problem(
            f"throws away keys when it is full ({policy}): events and tasks among them",
            "Set maxmemory-policy noeviction.",
            maxmemory_policy=policy,
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _setting(client: redis.Redis, name: str) -> str:
    """Empty where CONFIG is not allowed, as in managed services."""
    try:
        return str(cast(dict[str, Any], client.config_get(name)).get(name, ""))
    except redis.ResponseError:
        return ""
