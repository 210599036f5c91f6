import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from plg_site.operating import preparation

_ASKS_EVERY = 2.0  # seconds


class Command(BaseCommand):
    help = (
        "End when `prepare` of this version is through: shared tables and all workspaces are of this code."
        " What starts beside it, in containers, waits so. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--timeout", type=float, default=600.0, metavar="SECONDS",
            help="give up after so long (default: 600)",
        )  # fmt: skip

    def handle(self, *args: Any, timeout: float, **options: Any) -> None:
        until, said = time.monotonic() + timeout, ""
        while lacks := self._lacks():
            if lacks != said:
                self.stdout.write(f"waits: {lacks}")
                self.stdout.flush()
                said = lacks
            if time.monotonic() + _ASKS_EVERY > until:
                raise CommandError(f"Not prepared within {timeout:g} s: {lacks}")
            time.sleep(_ASKS_EVERY)
        self.stdout.write("prepared")

    def _lacks(self) -> str:
        try:
            return preparation.lacks()
        except DatabaseError as error:
            connection.close()  # the next question is asked on another
            return f"the database does not answer ({str(error).strip().partition(chr(10))[0]})"
