"""Makes partitions ahead, archives and drops days past EVENTS_RETENTION_DAYS, forgets old ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.store import StoreUnavailable, get_store, maintenance
from events.store.archive import ArchiveFailed


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plan", action="store_true", help="only say what would leave")

    def handle(self, *args: Any, plan: bool, **options: Any) -> None:
        try:
            if plan:
                self._plan()
            else:
                for file in maintenance.run():
                    self.stdout.write(f"archived {file}")
        except (StoreUnavailable, ArchiveFailed) as error:
            raise CommandError(str(error)) from error

    def _plan(self) -> None:
        edge = maintenance.keeps_from(datetime.now(UTC))
        if edge is None:
            self.stdout.write("Raw events stay for ever (EVENTS_RETENTION_DAYS is 0).")
            return
        self.stdout.write(f"Raw events before {edge} go to files.")
        for day in get_store().retention.due(edge):
            self.stdout.write(f"would archive {day}")
