import sys
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from billing import reconciling
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Compare raw events, rollups, statements, charges, what was sent and what Stripe says, to the "
        "unit, and print each difference. Exit code 1: there is one. Changes nothing of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", metavar="SLUG", help="only this one")
        parser.add_argument(
            "--period", metavar="YYYY-MM", default="",
            help="periods that touch this month (UTC); without it, the last one and the running one",
        )  # fmt: skip

    def handle(self, *args: Any, workspace: str | None, period: str, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=workspace).first() if workspace else None
        if workspace and tenant is None:
            raise CommandError(f"No workspace is called {workspace}.")
        try:
            scope = reconciling.scope_of(tenant=tenant, period=period)
        except ValueError as error:
            raise CommandError(str(error)) from None
        number = reconciling.reconcile(scope, say=self.stdout.write)
        of = f"{scope.start:%-d %b %Y} to {scope.end:%-d %b %Y}"
        self.stdout.write(f"{number} difference{'' if number == 1 else 's'}, {of}")
        if number:
            sys.exit(1)
