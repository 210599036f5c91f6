import sys
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand, CommandParser

from billing import upkeep
from billing.models import Account


class Command(BaseCommand):
    help = (
        "Ask Stripe how things are with these workspaces, or with all that had trouble, and write it "
        "down. Exit code 1: one still has."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="of a workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = options["slugs"]
        rows = Account.objects.exclude(trouble="")
        if slugs:
            rows = Account.objects.filter(tenant__slug__in=slugs)
            known = set(rows.values_list("tenant__slug", flat=True))
            if unknown := sorted(set(slugs) - known):
                raise CommandError(f"No workspace is called {', '.join(unknown)}.")
        asked = [account.pk for account in rows]
        upkeep.ask_about(Account.objects.filter(pk__in=asked))
        still = Account.objects.filter(pk__in=asked).exclude(trouble="")
        for account in still:
            self.stdout.write(f"{account.tenant.slug}: {account.trouble}")
        self.stdout.write(f"{len(asked)} asked about, {len(still)} with trouble")
        if still:
            sys.exit(1)
