"""Management commands that work on one workspace: it is their first argument."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from tenants import schema
from tenants.models import Tenant


class WorkspaceCommand(BaseCommand):
    """`manage.py <command> <workspace>`: `handle_in(tenant, …)` runs in the workspace's schema."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="its address (slug), or the name of its schema")

    def handle(self, *args: Any, workspace: str, **options: Any) -> str | None:
        tenant = Tenant.objects.filter(Q(slug=workspace) | Q(schema_name=workspace)).first()
        if tenant is None:
            raise CommandError(f"There is no workspace “{workspace}”.")
        with schema.inside(tenant):
            return self.handle_in(tenant, **options)

    def handle_in(self, tenant: Tenant, **options: Any) -> str | None:
        """What the command does, in the schema of `tenant`."""
        raise NotImplementedError
