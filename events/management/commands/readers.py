"""Who follows the log and how far: lists readers, pauses and resumes them, sends them back, decides
what becomes of events that were put aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from events.readers import control, reader, standings
from events.readers.reader import Reader


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        verbs.add_parser("list", help="all of them")
        for verb, words in (
            ("pause", "let it stand still"),
            ("resume", "let it go on, and try at once what failed"),
            ("replay", "hand over again what was stored since an instant"),
            ("aside", "the events that it could not handle"),
            ("retry", "hand those over again"),
            ("drop", "forget those for ever"),
        ):
            each = verbs.add_parser(verb, help=words)
            each.add_argument("name", help="the reader")
            if verb == "replay":
                each.add_argument("since", help="2026-11-30T09:00Z, or: beginning")
            if verb in ("retry", "drop"):
                each.add_argument("--id", type=int, action="append", default=[], dest="ids")

    def handle(self, *args: Any, verb: str, name: str = "", **options: Any) -> None:
        if verb == "list":
            return self._list()
        try:
            meant = reader.get(name)
        except LookupError as error:
            raise CommandError(str(error)) from error
        if verb == "aside":
            return self._show(meant)
        if verb == "replay":
            control.replay(meant, since=_instant(options["since"]))
        elif verb == "retry":
            came = control.retry(meant, ids=options["ids"])
            self.stdout.write(f"{came.handled} handled, {came.failed} still aside")
        elif verb == "drop":
            self.stdout.write(f"{control.drop(meant, ids=options['ids'])} dropped")
        else:
            {"pause": control.pause, "resume": control.resume}[verb](meant)
        return None

    def _list(self) -> None:
        for each in standings():
            state = "paused" if each.paused_at else each.trouble() or "well"
            self.stdout.write(
                f"{each.name}: at {each.position or 'no position'}, {each.events:,} events,"
                f" {each.behind:,} behind, {each.aside} aside; {state}"
            )

    def _show(self, meant: Reader) -> None:
        for each in control.asides(meant):
            self.stdout.write(f"{each.id}  {each.at:%Y-%m-%d %H:%M:%S}  {each.reason}")
            self.stdout.write(f"    {each.payload}")


def _instant(text: str) -> datetime | None:
    """None: the beginning. Raises CommandError for what is no time, or has no zone."""
    if text == "beginning":
        return None
    try:
        instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise CommandError(f"{text} is no instant with a zone, such as 2026-11-30T09:00Z.")
    return instant
