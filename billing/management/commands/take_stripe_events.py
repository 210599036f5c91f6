import sys
from datetime import timedelta
from typing import Any

import stripe
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.webhooks import missed_events


class Command(BaseCommand):
    help = (
        "Take events that Stripe has and we have not processed: by their ids, all of the last days, "
        "or those whose webhook failed here. What is known already is left alone. Exit code 1: one failed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", metavar="evt_…")
        parser.add_argument("--days", type=int, help="all of the last days (Stripe keeps 30)")
        parser.add_argument("--failed", action="store_true", help="those that failed here")

    def handle(self, *args: Any, **options: Any) -> None:
        ids, days = options["ids"], options["days"]
        if bool(ids) + (days is not None) + options["failed"] != 1:
            raise CommandError("Say which: ids, --days N or --failed.")
        if days is not None and not 1 <= days <= 30:
            raise CommandError("Stripe keeps events for 30 days: --days is between 1 and 30.")
        if ids:
            found = missed_events.named(ids)
        elif days is not None:
            found = missed_events.since(timezone.now() - timedelta(days=days))
        else:
            found = missed_events.failed()
        outcomes = []
        try:
            for taken in found:
                outcomes.append(taken.outcome)
                if taken.outcome != "known":
                    self.stdout.write(f"{taken.id}  {taken.type:<36} {taken.outcome}")
        except stripe.StripeError as error:
            raise CommandError(f"Stripe says: {error.user_message or error}") from error
        new, known = outcomes.count("new"), outcomes.count("known")
        self.stdout.write(f"{new} new, {known} known, {len(outcomes) - new - known} failed")
        if new + known < len(outcomes):
            sys.exit(1)
