from datetime import UTC, date, datetime, time
from typing import Any

import stripe
from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from billing import entitlements, granting
from billing.models import Account
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Give a workspace a plan, a feature, a credit or a longer trial until a day, for a reason; or take "
        "back what was given. What is granted costs nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="of the workspace")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--plan", default="", help="key of a plan")
        what.add_argument("--feature", default="", help="key of a feature")
        what.add_argument("--credit", type=int, default=0, metavar="CENTS",
                          help="minor units of what it pays in")  # fmt: skip
        what.add_argument("--trial", default="", metavar="PLAN",
                          help="a longer trial; of this plan where it tries none")  # fmt: skip
        what.add_argument("--revoke", default="", metavar="KEY", help="what --list shows")
        what.add_argument("--list", action="store_true", help="what it was given")
        parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--reason", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"], purged_at=None).first()
        if tenant is None:
            raise CommandError(f"No workspace is called {options['slug']}.")
        if options["list"]:
            for each in granting.given_to(tenant):
                words = f"{each.what} until {each.ends_at:%Y-%m-%d}"
                self.stdout.write(f"{each.key}: {words}, {each.state.lower()}: {each.reason}")
            return
        try:
            self._do(tenant, options)
        except entitlements.NotGranted as refused:
            raise CommandError(str(refused)) from None
        except KeyError:
            raise CommandError(f"It was not given {options['revoke']}; see --list.") from None
        except stripe.StripeError as error:
            raise CommandError(
                f"Stripe: {error.user_message or error}. What is written down is tried again by the "
                "periodic check."
            ) from None

    def _do(self, tenant: Tenant, options: dict[str, Any]) -> None:
        if options["revoke"]:
            was = granting.revoke(tenant, options["revoke"], by=None)
            self.stdout.write("Taken back." if was else "It is over already.")
            return
        if options["until"] is None:
            raise CommandError("Say --until when.")
        wish = granting.Wish(
            what=next(each for each in ("plan", "feature", "credit", "trial") if options[each]),
            until=datetime.combine(options["until"], time(), UTC),
            reason=options["reason"],
            plan=options["plan"] or options["trial"],
            feature=options["feature"],
            amount=options["credit"],
            currency=Account.objects.of(tenant).pays_in,
        )
        self.stdout.write(str(granting.give(tenant, wish, by=None)))
