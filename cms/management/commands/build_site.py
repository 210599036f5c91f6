"""manage.py build_site: build the public site and show it to visitors."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cms.releases import release


class Command(BaseCommand):
    help = "Render every public page into a new release and switch visitors over to it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Print only the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        def show(done: int, total: int, path: str) -> None:
            if not options["quiet"]:
                self.stdout.write(f"  {done:>{len(str(total))}}/{total} {path}")

        started = time.monotonic()
        try:
            built = release.build(progress=show)
        except release.NoSite as problem:
            raise CommandError(f"{problem} Visitors still see the release before.") from problem
        took = time.monotonic() - started
        self.stdout.write(
            f"Built {len(built.entries)} files in {took:.2f} s, "
            f"{built.reused} unchanged: {built.folder}"
        )
        if built.failures:
            lines = [f"{failure.path}: {failure.why}" for failure in built.failures]
            raise CommandError("\n".join(["Some pages keep their last copy:", *lines]))
