"""Checks that no statement was changed, inserted or removed: each workspace's chain of hashes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from metering.statements import chain
from tenants.models import Tenant


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SCHEMA", help="only this workspace's")

    def handle(self, *args: Any, tenant: str | None, **options: Any) -> None:
        tenants = Tenant.objects.exclude(ledger=None).order_by("schema_name")
        if tenant is not None:
            tenants = tenants.filter(schema_name=tenant)
        problems = 0
        for each in tenants:
            for problem in chain.broken(each):
                self.stderr.write(f"{each.schema_name}: {problem}")
                problems += 1
        if problems:
            raise CommandError(f"{problems} problems in {len(tenants)} chains.")
        self.stdout.write(f"{len(tenants)} chains are whole.")
