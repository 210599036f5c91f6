"""Let another property of the company (a forum, a shop, a status page) sign people in with us."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from identity.oidc import addresses, clients


class Command(BaseCommand):
    help = (
        "Make an OpenID Connect client with exact redirect addresses and print its id and secret. "
        "The same name again gives it new addresses and a new secret."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help='what people read, such as "Forum"')
        parser.add_argument("--redirect", action="append", required=True, metavar="URL")
        parser.add_argument("--signed-out", action="append", default=[], metavar="URL")
        parser.add_argument(
            "--loopback",
            action="store_true",
            help="let http://127.0.0.1:PORT (or localhost, [::1]) be an address; an installation "
            "without https allows it anyway",
        )
        parser.add_argument(
            "--ask", action="store_true", help="show a consent page (for what is not our own)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        loopback = options["loopback"] or settings.PUBLIC_SCHEME == "http"
        for url in [*options["redirect"], *options["signed_out"]]:
            try:
                addresses.check(url, loopback=loopback)
            except addresses.NotWhole as wrong:
                raise CommandError(str(wrong)) from None
        client_id, secret = slugify(options["name"])[:80], secrets.token_urlsafe(32)
        if not client_id or client_id.startswith("domain-"):
            raise CommandError("Choose another name.")
        clients.save(
            client_id,
            name=options["name"],
            secret=secret,
            redirect_uris=options["redirect"],
            signed_out_uris=options["signed_out"],
            first_party=not options["ask"],
        )
        self.stdout.write(f"client_id:     {client_id}\nclient_secret: {secret}  (shown once)")
