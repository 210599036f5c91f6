"""The scheduler: `celery -A plg_site.schedule beat` sends tasks by name when they are due.

It runs none itself, so it does without Django: it starts in half a second and stays small.
"""

from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler

from plg_site import alive


class Scheduler(PersistentScheduler):
    """Celery's, which says with each look at the clock that it is alive."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        alive.beat("beat")
        seconds: float = super().tick(*args, **kwargs)
        return seconds

    def close(self) -> None:
        super().close()
        alive.end("beat")


app = Celery("plg_site", fixups=[])  # no fixups: Celery's own would set Django up
app.config_from_object("plg_site.settings", namespace="CELERY")
