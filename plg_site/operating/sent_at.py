"""Each task says in a header when it was sent; imported by whoever sends, the scheduler included."""

from __future__ import annotations

import time
from typing import Any

from celery.signals import before_task_publish

SENT = "plg_sent_at"  # seconds since 1970


@before_task_publish.connect(dispatch_uid="plg_site.sent_at")
def stamp(headers: dict[str, Any] | None = None, **_: object) -> None:
    """One that is sent again keeps when it was sent first."""
    if headers is not None:
        headers.setdefault(SENT, time.time())
