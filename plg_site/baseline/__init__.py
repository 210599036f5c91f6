"""The shared schema as SQL, so that a new database is there in a second.

Migrating from nothing takes three minutes (dj-stripe alone two). `shared.sql` is what those
migrations lead to; `manage.py make_baseline` writes it anew, and migrations that are younger than
the file are applied on top of it as always.
"""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction

from tenants.pool import dump_schema

FILE = Path(__file__).with_name("shared.sql")


def restore() -> bool:
    """Load the baseline into an empty database. False when the database is not empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NULL")
        if not cursor.fetchone()[0]:
            return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FILE.read_text())
    return True


def write() -> int:
    """Dump the shared schema of the current database into the file; returns its size in bytes."""
    script = dump_schema("public")
    FILE.write_text(script)
    return len(script.encode())
