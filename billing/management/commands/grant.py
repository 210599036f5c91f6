from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from billing import entitlements
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Give a workspace a plan or a feature until a day, for a reason. What is granted costs nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="of the workspace")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--plan", default="", help="key of a plan")
        what.add_argument("--feature", default="", help="key of a feature")
        parser.add_argument("--until", required=True, type=date.fromisoformat, metavar="YYYY-MM-DD")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"], purged_at=None).first()
        if tenant is None:
            raise CommandError(f"No workspace is called {options['slug']}.")
        until = datetime.combine(options["until"], time(), UTC)
        try:
            grant = entitlements.give(
                tenant, plan=options["plan"], feature=options["feature"], until=until,
                reason=options["reason"], by=None,
            )  # fmt: skip
        except entitlements.NotGranted as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(str(grant))
