"""Makes rollups anew from the raw events, while consumers go on.

Without options: those of meters that are new or whose definition changed. Each day is all or
nothing; what is interrupted goes on with the --resume that it prints.
"""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from metering.definitions.catalogue import meters
from metering.rollups import progress, rebuild, trust
from metering.rollups.rebuild import CannotRebuild, Done, Rebuild


class Command(BaseCommand):
    help = __doc__

    def create_parser(self, *args: Any, **kwargs: Any) -> CommandParser:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--meter", action="append", default=[], help="this meter (repeatable)")
        parser.add_argument("--all", action="store_true", help="every meter")
        parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="from this day")
        parser.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="before this")
        parser.add_argument("--tenant", metavar="SCHEMA", help="only this workspace's")
        parser.add_argument("--resume", metavar="TOKEN", help="go on after an interruption")
        parser.add_argument(
            "--check", action="store_true", help="compare only; exit 1 when something differs"
        )

    def handle(self, *args: Any, meter: list[str], all: bool, check: bool, **options: Any) -> None:
        outdated = rebuild.outdated()
        for key, why in outdated.items():
            self.stdout.write(f"{key}: {why}")
        keys = list(meters()) if all or (check and not meter) else meter or list(outdated)
        if not keys:
            self.stdout.write("All rollups are by the definitions in force; --all rebuilds them.")
            return
        chosen = {name: options[name] for name in ("since", "until", "tenant", "resume")}
        try:
            wanted = Rebuild(keys, **chosen)
            if check:
                self._check(wanted)
            else:
                self._rebuild(wanted)
        except (CannotRebuild, KeyError) as error:
            raise CommandError(str(error.args[0])) from None

    def _rebuild(self, wanted: Rebuild) -> None:
        try:
            for _ in self._shown(wanted.run()):
                pass
        except KeyboardInterrupt:
            if wanted.token:
                self.stderr.write(f"\nGo on with --resume {wanted.token}")
            raise
        trust.forget()
        self.stdout.write(f"{len(wanted.days)} days are rebuilt.")

    def _check(self, wanted: Rebuild) -> None:
        different = 0
        for done in self._shown(wanted.compare()):
            if done.differences:
                self.stdout.write(f"{done.day}: {done.differences} buckets differ")
            different += done.differences
        if different:
            raise CommandError(f"{different} buckets are not what the raw events say.")
        self.stdout.write(f"{len(wanted.days)} days are what the raw events say.")

    def _shown(self, days: Iterable[Done]) -> Iterator[Done]:
        """The days, with a bar: on a terminal all the time, else every tenth of the way."""
        is_terminal = self.stdout.isatty()
        for done, words in progress.shown(days, each=is_terminal):
            yield done
            if words:
                is_last = not is_terminal or done.number == done.of
                self.stdout.write(words, ending="\n" if is_last else "\r")
