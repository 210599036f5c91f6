import sys
import time
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from plg_site.development import demo
from plg_site.walk import journey
from plg_site.walk.browser import WrongAnswer
from plg_site.walk.walker import Walk


class Command(BaseCommand):
    help = (
        "Walk the journey of a first user over HTTP (read, sign up, use, hit the limit, pay, edit the "
        "site), print each step with its time, and fail on the first wrong answer."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", default=settings.SITE_URL, help="address of the site")
        parser.add_argument(
            "--target",
            help="a page for the product to name, such as the target of a link (default: the blog)",
        )
        parser.add_argument("--editor", default=demo.PEOPLE["editor"][0])
        parser.add_argument("--outsider", default=demo.PEOPLE["other owner"][0])
        parser.add_argument("--password", default=demo.PASSWORD, help="of editor and outsider")

    def handle(self, *args: Any, **options: Any) -> None:
        site, password = options["site"].rstrip("/"), options["password"]
        walk = Walk(
            site=site,
            target=options["target"] or f"{site}/blog/",
            editor=(options["editor"], password),
            outsider=(options["outsider"], password),
        )
        whole = time.monotonic()
        steps = journey.steps()
        for number, step in enumerate(steps, 1):
            started = time.monotonic()
            title = step.__name__.replace("_", " ")
            try:
                saw = step(walk)
            except (WrongAnswer, httpx.HTTPError) as error:
                self.stdout.write(self.style.ERROR(f"✗ {number:2} {title}: {error}"))
                sys.exit(1)
            took = time.monotonic() - started
            self.stdout.write(f"✓ {number:2} {title:<22}{took:6.2f} s  {saw}")
        self.stdout.write(f"walked {len(steps)} steps in {time.monotonic() - whole:.1f} s")
