"""Make a source of collected events, and print its write key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity import collecting
from identity.models import Source


class Command(BaseCommand):
    help = (
        "Make a source, of which the collector takes events in Segment's form, and print its write key, "
        "which is shown this once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='what people read, such as "Backend"')
        parser.add_argument(
            "--kind",
            required=True,
            choices=Source.Kind.values,
            help="who holds the key: everybody who opens the website or the app; the company alone",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            _, key = collecting.create(options["name"], kind=options["kind"])
        except collecting.NotMade as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(key)
