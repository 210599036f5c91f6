"""Databases that are made for a while: emptied before, gone afterwards."""

from typing import Any

from psycopg import Connection, sql


def recreate(admin: Connection[Any], name: str) -> None:
    """An empty database of this name. `admin` is in autocommit, in another database of the server."""
    drop(admin, name)
    admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def drop(admin: Connection[Any], name: str) -> None:
    """Drop it, whoever of this user's is connected. One that is not there is no error.

    Not WITH (FORCE): that is refused while autovacuum, a process of the superuser, is in it. A
    plain DROP ends autovacuum by itself, and waits some seconds for the others to leave.
    """
    admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND usename = current_user AND pid <> pg_backend_pid()",
        [name],
    )
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
