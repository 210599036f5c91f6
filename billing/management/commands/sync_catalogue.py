from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing import catalogue, entitlements
from billing.selling import pushing, terms
from billing.webhooks import inbox
from metering.definitions import meters


class Command(BaseCommand):
    help = (
        "Make Stripe's products, prices, coupons and promotion codes, and every workspace's limits, "
        "equal to the plan catalogue. What subscribers pay stays as it is: see move_subscribers."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done")

    def handle(self, *, verbosity: int, dry_run: bool = False, **_: Any) -> None:
        if problems := list(catalogue.problems(meters())):
            raise CommandError("The catalogue is wrong:\n" + "\n".join(problems))
        url = inbox.url()
        try:
            lines = pushing.push(dry_run=dry_run) or ["the catalogue is up to date"]
        except stripe.StripeError as error:
            raise CommandError(f"Stripe did not take the catalogue: {error}") from error
        if not dry_run:
            for plan in catalogue.plans():
                terms.current(plan)
        changed = entitlements.refresh(dry_run=dry_run)
        if verbosity:
            opened = f"webhooks are received at {url}" if url else "STRIPE_WEBHOOK_UUID is not set"
            got = "would get" if dry_run else "got"
            lines = ["nothing is done (--dry-run):", *lines] if dry_run else lines
            self.stdout.write("\n".join([opened, *lines, f"{changed} workspaces {got} new limits"]))
