"""What the processes know of pressure: how long work waits, and how busy those are who answer."""

from __future__ import annotations

from events import pressure
from plg_site import queues
from plg_site.operating import busy_threads, queue_age


def register() -> None:
    """Called once, when apps are ready."""
    pressure.register(
        pressure.Signal(
            "queue_now",
            "Oldest task of the queue “now”",
            thresholds=(15, 45, None),  # without a worker sign-up works: that alone closes nothing
            read=lambda: queue_age.oldest(queues.NOW),
            unit="s",
        ),
        pressure.Signal(
            "web_threads",
            "Web threads that are busy",
            thresholds=(80, 100, 150),
            read=lambda: pressure.read_gauge(busy_threads.GAUGE),
            unit="%",
        ),
    )
