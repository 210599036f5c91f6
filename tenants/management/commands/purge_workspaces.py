"""Removes the workspaces whose days of grace are over; beat does the same each hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tenants.life import purge


class Command(BaseCommand):
    help = "Remove for good the deleted workspaces whose days of grace are over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--plan", action="store_true", help="say which, remove none")

    def handle(self, *args: Any, plan: bool, **options: Any) -> None:
        for tenant in purge.due():
            self.stdout.write(f"{tenant.slug}: deleted {tenant.deleted_at:%Y-%m-%d}")
        if not plan:
            self.stdout.write(f"{purge.purge_due()} purged")
