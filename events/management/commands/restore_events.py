"""Brings the raw events of an archive back into the store. Safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.store import StoreUnavailable, get_store
from events.store.archive import ArchiveFailed


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        for file in files:
            try:
                missing = get_store().retention.restore(file)
            except (StoreUnavailable, ArchiveFailed) as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"{file}: {missing} events brought back")
