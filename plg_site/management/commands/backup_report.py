from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from plg_site.operating import backup_reports


class Command(BaseCommand):
    help = (
        "Tell of a backup that was made, or of a restore that was proved, so that `doctor` knows;"
        " without arguments: what is known. The scripts in deploy/backup call it (BACKUP_REPORT)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", nargs="?", choices=backup_reports.Kind.values)
        parser.add_argument("place", nargs="?", help="main, events, files, or a name of your own")
        parser.add_argument("--bytes", type=int, help="its size")
        parser.add_argument(
            "--at", type=_moment, help="when it was made, like 2026-11-30T04:00:00Z; default: now"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kind, place = options["kind"], options["place"]
        if not kind:
            self.stdout.write("\n".join(backup_reports.in_words()) or "No backup is known.")
            return
        if not place:
            raise CommandError("Say of what: main, events or files.")
        at, now = options["at"] or timezone.now(), timezone.now()
        if at > now:
            raise CommandError(f"{at.isoformat()} is yet to come: look at this machine's clock.")
        if not backup_reports.tell(kind, place, at=at, size=options["bytes"]):
            self.stdout.write("A newer one is known already.")


def _moment(text: str) -> datetime:
    at = parse_datetime(text)
    if at is None or at.tzinfo is None:
        raise CommandError(f"{text!r} is no moment with a zone, like 2026-11-30T04:00:00Z.")
    return at
