import sys
from typing import Any

import stripe
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from billing import catalogue, failures
from billing.models import Account
from billing.selling.prices import NotForSale
from billing.subscriptions import moving
from billing.subscriptions.subscription import NoSubscription


class Command(BaseCommand):
    help = (
        "Move the subscribers of a plan to the prices and usage terms that the catalogue has today: the "
        "price from their next period on, the terms at once. Owners are mailed. Without --do only says "
        "whom. Can be ended and run again. Exit code 1: one could not be moved."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("plan", help="its key in the catalogue")
        parser.add_argument("--workspace", default="", metavar="SLUG", help="only this one")
        parser.add_argument("--most", type=int, default=100, help="so many in this run (100)")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--dry-run", action="store_true", help="only say whom; so it is without --do"
        )
        how.add_argument("--do", action="store_true", help="move them")

    def handle(self, *args: Any, **options: Any) -> None:
        most = options["most"]
        if most < 1:
            raise CommandError("--most is 1 or more.")
        try:
            plan = catalogue.plan(options["plan"])
        except KeyError as error:
            raise CommandError(str(error.args[0])) from None
        failed = done = seen = 0
        try:
            for move in moving.due(plan, slug=options["workspace"]):
                if seen == most:
                    self.stdout.write(f"--most {most} is reached; run it again for the others")
                    break
                seen += 1
                self.stdout.write(move.words)
                if options["do"]:
                    worked = self._move(move)
                    done, failed = done + worked, failed + (not worked)
        except NotForSale as error:
            raise CommandError(str(error)) from None
        except stripe.StripeError as error:
            raise CommandError(f"Stripe says: {error.user_message or error}") from error
        if options["do"]:
            self.stdout.write(f"{done} moved, {failed} failed")
        else:
            self.stdout.write(f"{seen} would be moved; --do moves them")
        if failed:
            sys.exit(1)

    def _move(self, move: moving.Move) -> bool:
        try:
            moving.make(move)
        except NoSubscription:
            self.stdout.write("  has another plan by now, or none")
            return True
        except Exception as error:
            if isinstance(error, stripe.StripeError) and failures.passes(error):
                raise
            account = Account.objects.get(tenant_id=move.row.tenant_id)
            failures.note(account, error, what="billing.not_moved")
            self.stdout.write(f"  failed: {error!r}")
            return False
        return True
