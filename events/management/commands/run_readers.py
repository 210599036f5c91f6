"""Follows the log with all readers. Runs until SIGTERM; any number of processes may run it."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import conf, metrics
from events.readers import registered
from events.readers.running import Runner
from events.store import get_store

log = structlog.get_logger()


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # a start is ten times a day; `prepare` runs the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="hand over what is there, and exit")
        parser.add_argument("--only", nargs="+", metavar="NAME", help="these readers")

    def handle(self, *args: Any, once: bool, only: list[str] | None, **options: Any) -> None:
        readers = [reader for reader in registered() if not only or reader.name in only]
        if only and len(readers) != len(set(only)):
            raise CommandError(f"There are: {', '.join(each.name for each in registered())}")
        runner = Runner(readers, store=get_store(), threads=conf.readers_threads())
        if once:
            if not runner.drain():
                raise CommandError("Not all could be handed over: see the log above.")
            return
        os.nice(conf.readers_nice())  # who records and stores goes first
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        log.info("events_readers_started", readers=[reader.name for reader in readers])
        metrics.serve()
        runner.run(stop)
        log.info("events_readers_stopped")
