"""Moves recorded events into the store. Runs until SIGTERM; any number of processes may run it."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import nullcontext
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import conf
from events.consuming.consumer import Consumer, collect_rarely
from events.errors import StoreUnavailable
from events.readers import running
from events.redis.keys import Keys
from events.redis.redis_client import patient
from events.store import EventStore, get_store
from events.transport.reader import StreamReader
from events.transport.spool import get_spool

log = structlog.get_logger()


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
            default=5.0,
            metavar="SECONDS",
            help="store what another consumer has held for this long (default: 5)",
        )

    def handle(
        self, *args: Any, once: bool, readers: bool, take_over_after: float, **options: Any
    ) -> None:
        stop = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        store = get_store()
        if not _migrated(store, stop, patience=10.0 if once else float("inf")):
            raise CommandError("The events database does not answer.")
        collect_rarely()
        consumer = Consumer(
            store=store,
            reader=StreamReader(
                patient(conf.redis_url()), keys=Keys(conf.stream()), name=_process_name()
            ),
            spool=get_spool(),
            take_over_after=take_over_after,
        )
        if not once:
            log.info("events_consumer_started", stream=conf.stream())
            with running.beside(stop, store=store) if readers else nullcontext():
                consumer.run(stop)
            log.info("events_consumer_stopped")
        elif not consumer.drain():
            raise CommandError("Not all events could be stored: see the log above.")


def _process_name() -> str:
    return f"{os.uname().nodename}-{os.getpid()}"


def _migrated(store: EventStore, stop: threading.Event, *, patience: float) -> bool:
    """Bring the store up to date, however long its database takes to start. False: gave up."""
    give_up_at = time.monotonic() + patience
    said = False
    while not stop.is_set():
        try:
            store.migrate()
            return True
        except StoreUnavailable as error:
            if time.monotonic() > give_up_at:
                return False
            if not said:
                log.warning("events_unreachable", what="store", error=str(error).splitlines()[0])
            said = True
            stop.wait(0.5)
    return True
