"""The consumer with the readers, the sender and the scheduler, as threads of one process.

For a laptop or a small machine: each waits most of its time. Where there is more to do, run
`consume_events`, `run_readers`, `run_outbound` and `celery -A plg_site.schedule beat` by themselves.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import structlog
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from outbound.running import Runner

log = structlog.get_logger()
_LAST_WORDS = 5.0  # seconds that a thread has to end what it has in hand
_WAKES = 1  # seconds that the scheduler sleeps at most


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # a start is ten times a day; `prepare` runs the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--schedule", type=Path, required=True, metavar="FILE",
            help="where the scheduler notes when each task was sent last",
        )  # fmt: skip

    def handle(self, *args: Any, schedule: Path, **options: Any) -> None:
        broken: list[str] = []
        with ExitStack() as beside:
            beside.enter_context(_thread("outbound", Runner().run, broken))
            beside.enter_context(_thread("beat", lambda stop: _beat(schedule, stop), broken))
            call_command("consume_events", readers=True)  # in the main thread: it takes the signals
        if broken:
            raise CommandError(f"{', '.join(broken)} ended: see the log above.")


@contextmanager
def _thread(name: str, run: Callable[[threading.Event], None], broken: list[str]) -> Iterator[None]:
    """`run` in a thread until the block ends. When it ends before, the process is told to stop."""
    stop = threading.Event()

    def guarded() -> None:
        try:
            run(stop)
        except Exception:
            log.exception("thread_broken", thread=name)
        if not stop.is_set():
            broken.append(name)
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LAST_WORDS)


def _beat(schedule: Path, stop: threading.Event) -> None:
    from celery.beat import Service

    from plg_site.celery import app

    service = Service(
        app, max_interval=_WAKES, schedule_filename=str(schedule), remote_control=False
    )
    threading.Thread(target=_stop_with, args=[service.stop, stop], daemon=True).start()
    service.start()


def _stop_with(end: Callable[[], None], stop: threading.Event) -> None:
    stop.wait()
    end()
