"""What the server itself says, asked as its administrator."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import psycopg

from plg_site.devstack.stack import Stack


def connect(stack: Stack, url: str) -> psycopg.Connection[Any]:
    """To the database of this address, with every right."""
    where = urlsplit(url)
    return psycopg.connect(
        host=where.hostname, port=where.port, dbname=where.path.lstrip("/"), user="postgres",
        password=stack.state.secret("postgres_admin_password"), autocommit=True,
    )  # fmt: skip


def number(link: psycopg.Connection[Any], question: str, *values: object) -> float:
    row = link.execute(question.encode(), values or None).fetchone()
    return float(row[0]) if row and row[0] is not None else 0.0


def wal(link: psycopg.Connection[Any]) -> float:
    """Bytes of WAL that were ever written."""
    return number(link, "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
