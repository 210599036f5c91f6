"""Copies the raw events of another events database into the one in use: when you change the store.

It may be interrupted and run again: an event is stored once. Rollups are counted on the way.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events import conf
from events.store import get_store, make_store
from events.store.copying import copy


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="source", required=True, metavar="URL", help="the other database"
        )

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        if source == conf.database_url():
            raise CommandError("That is the database in use: EVENTS_DATABASE_URL.")
        get_store().migrate()
        other = make_store(source)
        try:
            for day in copy(other, get_store()):
                self.stdout.write(f"{day.day}  {day.new:>10,} new  {day.known:>10,} known")
        finally:
            other.close()
