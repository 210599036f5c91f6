"""Sends what the ledger holds. Runs until SIGTERM; any number of processes may run it."""

from __future__ import annotations

import signal
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser

from events import metrics, pressure
from outbound.delivery import sending
from outbound.running import Process, Runner

log = structlog.get_logger()


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []  # a start is ten times a day; `prepare` runs the checks

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="send what is due now, and exit")
        parser.add_argument(
            "--most", type=int, default=10_000, metavar="N", help="with --once: at most so many"
        )

    def handle(self, *args: Any, once: bool, most: int, **options: Any) -> None:
        if once:
            runner = Runner()
            sending.sweep()
            moved = runner.one_pass(most=most)
            runner.close()
            self.stdout.write(f"{moved} messages")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        log.info("outbound_started")
        metrics.serve()
        with pressure.beside():
            Process().run(stop)
        log.info("outbound_stopped")
