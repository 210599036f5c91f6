from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError

from billing.selling import entitlements, prices
from billing.webhooks import inbox


class Command(BaseCommand):
    help = (
        "Make Stripe's products and prices and every workspace's limits equal to the plan "
        "catalogue, and open the webhook inbox."
    )

    def handle(self, *, verbosity: int, **_: Any) -> None:
        url = inbox.ensure()
        try:
            lines = prices.push().lines or ["the catalogue is up to date"]
        except stripe.StripeError as error:
            raise CommandError(f"Stripe did not take the catalogue: {error}") from error
        changed = entitlements.refresh()
        if verbosity:
            opened = f"webhooks are received at {url}" if url else "STRIPE_WEBHOOK_UUID is not set"
            self.stdout.write("\n".join([opened, *lines, f"{changed} workspaces got new limits"]))
