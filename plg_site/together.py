"""`python -m plg_site.together`: all that works in the background, as threads of one process.

Two tasks at once, the consumer with the readers, the sender and the scheduler: for a laptop or a small
machine, where each of them waits most of its time. Where there is more to do, each is a process of its
own (docs/architecture.md). The worker is Celery's; the others begin and end with it, and when one of
them ends by itself, the process does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

import django
import structlog

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")
log = structlog.get_logger()
AT_ONCE = 2  # tasks
_LAST_WORDS = 5.0  # seconds that a thread has to end what it has in hand
_WAKES = 1  # seconds that the scheduler sleeps at most


class Beside:
    """Functions that run in threads of this process until they are told to stop."""

    def __init__(self, *functions: Callable[[threading.Event], None]) -> None:
        self._functions = functions
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self.broken: list[str] = []

    def start(self) -> None:
        for function in self._functions:
            name = function.__name__.strip("_")
            thread = threading.Thread(target=self._run, args=[name, function], name=name)
            thread.daemon = True
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Tell them, and wait a moment for what they have in hand."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_LAST_WORDS)

    def _run(self, name: str, function: Callable[[threading.Event], None]) -> None:
        try:
            function(self._stop)
        except Exception:
            log.exception("background_broken", thread=name)
        if not self._stop.is_set():
            self.broken.append(name)
            os.kill(os.getpid(), signal.SIGTERM)


def _events(stop: threading.Event) -> None:
    from events import consuming

    consuming.serve(stop, readers=True)


def _outbound(stop: threading.Event) -> None:
    from outbound.running import Process

    Process().run(stop)


def _beat(stop: threading.Event) -> None:
    from celery.beat import Service
    from django.conf import settings

    from plg_site.celery import app
    from plg_site.operating.scheduler import Scheduler

    schedule = str(settings.STATE_DIR / "beat-schedule")
    service = Service(
        app, max_interval=_WAKES, schedule_filename=schedule, scheduler_cls=Scheduler,
        remote_control=False,
    )  # fmt: skip
    threading.Thread(target=lambda: stop.wait() and service.stop(), daemon=True).start()
    service.start()


def main() -> int:
    """Until SIGTERM. 1 when a thread ended by itself."""
    django.setup()
    from celery import signals

    from plg_site.celery import app, give_way

    beside = Beside(_events, _outbound, _beat)
    # After the others have begun: a thread stands as far behind as the one that began it (Linux).
    signals.worker_init.disconnect(give_way)

    beside.start()
    give_way()
    worker = app.Worker(
        pool="threads", concurrency=AT_ONCE, loglevel="WARNING", quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True,
    )  # fmt: skip
    try:
        worker.start()
    finally:
        beside.stop()
    return 1 if beside.broken else int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
