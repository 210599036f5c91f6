"""Brings the raw events of an archive back into the store. Safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.store import StoreUnavailable, get_store, shelf
from events.store.archive import ArchiveFailed


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="its path, or in a bucket its name: year/file"
        )

    def handle(self, *args: Any, files: list[str], **options: Any) -> None:
        for name in files:
            file = Path(name) if Path(name).exists() else shelf.chosen().file(name)
            try:
                missing = get_store().retention.restore(file)
            except (StoreUnavailable, ArchiveFailed, OSError) as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{name}: {missing} events brought back")
