"""The scheduler of `beat`: Celery's, which says with each look at the clock that it is alive."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler

from plg_site import alive


class Scheduler(PersistentScheduler):
    """For CELERY_BEAT_SCHEDULER."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        alive.beat("beat")
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        super().close()
        alive.end("beat")
