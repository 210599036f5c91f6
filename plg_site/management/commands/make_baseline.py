from typing import Any

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import connection

from plg_site import baseline


class Command(BaseCommand):
    help = (
        "Write plg_site/baseline/shared.sql from the current DATABASE_URL, which must be a database "
        "that has been migrated and holds nothing else (no users, no workspaces)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM identity_user)"
                " + (SELECT count(*) FROM tenants_poolschema)"
            )
            if cursor.fetchone()[0]:
                raise CommandError("This database has users or ready schemas; take a fresh one.")
        self.stdout.write(f"wrote {baseline.FILE} ({baseline.write() // 1024} KB)")
