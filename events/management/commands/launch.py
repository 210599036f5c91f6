"""Sets by hand how much is left out so that the rest goes on, or says how it stands.

`launch on --level 2 --until 2026-12-01T18:00Z --because "We are in the news"` holds at least that level
until then; level 0 switches off what would come by itself. `launch off` ends it.
"""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError

from events import pressure, shedding
from events.pressure.watching import in_words
from events.shedding.standing import stored


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        on = what.add_parser("on", help="hold at least this level until then")
        on.add_argument("--level", type=int, required=True, help="0 (none at all) to 3")
        on.add_argument("--until", required=True, help="such as 2026-12-01T18:00Z")
        on.add_argument("--because", required=True, help="what others read")
        off = what.add_parser("off", help="the signals alone decide again")
        off.add_argument("--because", default="", help="what others read")
        what.add_parser("status", help="the level, why, since and until when, and the signals")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        by = f"{_who()} on the command line"
        try:
            if what == "on":
                pressure.by_hand(
                    options["level"], until=_instant(options["until"]),
                    because=options["because"], by=by,
                )  # fmt: skip
            elif what == "off":
                pressure.end_by_hand(by=by, because=options["because"])
            self._say()
        except pressure.Refused as error:
            raise CommandError(str(error)) from error
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(
                f"The database does not answer, so nothing changed. {error}"
            ) from error

    def _say(self) -> None:
        now, standing = datetime.now(UTC), stored()
        say = self.stdout.write
        say(f"Level {standing.level(now)}")
        if standing.at:
            say(f"since {standing.at:%Y-%m-%d %H:%M} UTC, by {standing.by}: {standing.because}")
        if standing.is_by_hand(now):
            say(f"by hand until {standing.until:%Y-%m-%d %H:%M} UTC")
        for measure in shedding.measures():
            holds = "now   " if measure.level <= standing.level(now) else "not   "
            say(f"  {holds} level {measure.level}: {measure.words}")
        for reading in pressure.readings():
            say(f"  signal  {reading.signal.label}: {in_words(reading)}")


def _instant(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f'--until is like 2026-12-01T18:00Z, not "{text}".') from error


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "somebody"
