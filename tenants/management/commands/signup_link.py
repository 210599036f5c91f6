"""`manage.py signup_link NAME`: a link into sign-up whose holders see no further step."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.management.base import BaseCommand

from tenants.signing_up import admission


class Command(BaseCommand):
    help = (
        "Print a signed link into sign-up, for a campaign, an event or a partner. Who comes by it goes "
        "straight through, up to SIGNUPS_BY_LINK; the link cannot be taken back before its days are over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose link it is: each name has a bucket of its own")
        parser.add_argument("--days", type=int, default=30, help="how long it is good (30)")

    def handle(self, *args: Any, **options: Any) -> None:
        token = admission.link_token(options["name"], days=options["days"])
        query = urlencode({admission.LINK: token})
        self.stdout.write(f"{settings.SITE_URL}/signup/?{query}")
