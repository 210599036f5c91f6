"""Which machines this installation runs on, and whether they see the same disk.

Each web process says when it starts: its host, and a mark that lies in STATE_DIR. Two hosts with two
marks have two disks. Told through Redis, for a week, and only as good as that: `doctor` asks.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import cast
from uuid import uuid4

import redis
import structlog
from django.conf import settings

from events.redis import UNAVAILABLE, quick

log = structlog.get_logger()
_FORGET_AFTER = 7 * 24 * 3600  # seconds


def announce() -> None:
    """Say that a process of this machine runs. Nothing fails where Redis does not answer."""
    said = json.dumps({"disk": disk(), "at": time.time()})
    try:
        quick(settings.REDIS_URL).hset(_key(), os.uname().nodename, said)
    except (*UNAVAILABLE, redis.RedisError) as error:
        log.info("machine_not_announced", error=str(error))


def with_another_disk(*, now: float | None = None) -> list[str]:
    """Hosts that were announced in the last week from another STATE_DIR than ours. Raises RedisError."""
    since = (now or time.time()) - _FORGET_AFTER
    found = cast(dict[bytes, bytes], quick(settings.REDIS_URL).hgetall(_key()))
    told = {host.decode(): json.loads(said) for host, said in found.items()}
    ours = disk()
    return sorted(
        host
        for host, said in told.items()
        if said["at"] > since and said["disk"] != ours and host != os.uname().nodename
    )


def disk() -> str:
    """The mark of this STATE_DIR, made by whoever asks first."""
    path = Path(settings.STATE_DIR) / "disk-id"
    try:
        with path.open("x") as file:
            file.write(uuid4().hex)
    except FileExistsError:
        pass
    except OSError as error:
        log.warning("disk_not_marked", error=str(error))
        return ""
    return path.read_text()


def _key() -> str:
    return f"{{{settings.EVENTS_STREAM}}}:machines"
