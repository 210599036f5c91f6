"""Moves recorded events into the store. Runs until SIGTERM; any number of processes may run it."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import conf, metrics
from events.consuming import serving
from events.store import get_store


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # a start is ten times a day; `prepare` runs the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="store what waits now, and exit")
        parser.add_argument(
            "--readers", action="store_true", help="follow the log, too, as run_readers does"
        )
        parser.add_argument(
            "--take-over-after",
            type=float,
            default=serving.TAKE_OVER_AFTER,
            metavar="SECONDS",
            help="store what another consumer has held for this long (default: 5)",
        )

    def handle(
        self, *args: Any, once: bool, readers: bool, take_over_after: float, **options: Any
    ) -> None:
        stop = threading.Event()
        if once:
            store = get_store()
            if not serving.migrated(store, stop, patience=10.0):
                raise CommandError("The events database does not answer.")
            if not serving.consumer(store, take_over_after=take_over_after).drain():
                raise CommandError("Not all events could be stored: see the log above.")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        os.nice(conf.events_nice())  # who takes events goes first, and the stream waits for us
        metrics.serve()
        serving.serve(stop, readers=readers, take_over_after=take_over_after)
