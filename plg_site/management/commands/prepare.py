import json
import logging
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from plg_site.development import demo
from plg_site.operating import preparation


class Command(BaseCommand):
    help = (
        "Bring database, event store, workspace pool, plans and website up to date. A new installation"
        " begins with a plain website. Safe to run again; quick when there is nothing to do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true",
            help="development: the product's website, two workspaces, and logins that everybody knows",
        )  # fmt: skip
        parser.add_argument(
            "--no-demo", action="store_true", help="what holds anyway; for scripts that say it"
        )
        parser.add_argument("--json", type=Path, help="write logins and addresses to this file")
        parser.add_argument(
            "--rebuild-later", action="store_true",
            help="do not wait for rollups that have to be made anew: until rebuild_rollups has run,"
            " usage is counted from the raw events, which is right and slow",
        )  # fmt: skip
        parser.add_argument("--progress", action="store_true", help="one line a step (the default)")

    def handle(self, *args: Any, **options: Any) -> None:
        logging.getLogger().setLevel(logging.WARNING)  # the steps below say what happens
        with_demo = options["demo"] and not options["no_demo"]
        if with_demo and settings.PUBLIC_SCHEME == "https":
            raise CommandError(
                "The demo has logins whose password everybody can read in the README: it is not for a"
                " site that others come to (PUBLIC_SCHEME is https). Leave --demo out."
            )
        steps = preparation.steps(
            with_demo=with_demo, say=self._say, rebuild_later=options["rebuild_later"]
        )
        for title, step in steps:
            started, self._said = time.monotonic(), False
            self.stdout.write(f"  {title:<30}", ending="")
            self.stdout.flush()
            words = step()
            if self._said:  # the title stands far above
                self.stdout.write(f"  {title:<30}", ending="")
            self.stdout.write(f"{time.monotonic() - started:6.1f} s  {words}")
        if options["json"]:
            options["json"].write_text(json.dumps(demo.facts() if with_demo else {}, indent=1))

    def _say(self, line: str) -> None:
        """How far a step is, on lines of its own."""
        self.stdout.write(f"{'' if self._said else chr(10)}    {line}")
        self.stdout.flush()
        self._said = True
