"""How long the oldest task of a queue has waited: each says when it was sent (`sent_at`)."""

from __future__ import annotations

import json
import time
from typing import cast

from django.conf import settings
from redis.exceptions import RedisError

from events.redis import UNAVAILABLE, quick
from plg_site import queues
from plg_site.operating.sent_at import SENT


def oldest(queue: str, *, now: float | None = None) -> float | None:
    """Seconds that the next task of this queue ("now", …) has waited; 0 where none does.

    None while Redis is away, or where a task does not say it.
    """
    key = queues.name(settings.CELERY_QUEUE, queue)
    try:
        message = cast(
            bytes | None, quick(settings.REDIS_URL).lindex(key, -1)
        )  # the next to be taken
    except (*UNAVAILABLE, RedisError):
        return None
    if message is None:
        return 0.0
    try:
        sent = json.loads(message)["headers"][SENT]
        return max(0.0, (time.time() if now is None else now) - float(sent))
    except (ValueError, KeyError, TypeError):
        return None
