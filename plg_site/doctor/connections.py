"""The connection budget: what all processes may open at once must fit into what the server gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connection

from events.readers import registered
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Connections"
SPARE = 5  # for a person with psql, a backup, this command
ROOM = 0.8  # of what there is; beyond, a deployment that starts new processes early has no room

_LIMITS = """
    SELECT current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0),
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""


def look() -> Iterator[Finding]:
    parts = budget()
    needed = sum(parts.values()) + SPARE
    with connection.cursor() as cursor:
        cursor.execute(_LIMITS)
        given = min(limit for limit in cursor.fetchone() if limit >= 0)
    words = ", ".join(f"{name} {count}" for name, count in parts.items())
    says = f"up to {needed} of {given} ({words}, others {SPARE})"
    facts = {"needed": needed, "given": given, **parts}
    how = (
        "Lower DATABASE_POOL_SIZE or the number of processes, raise max_connections, or put "
        "PgBouncer in session mode before it."
    )
    if needed > given:
        yield problem(says, how, **facts)
    elif needed > given * ROOM:
        yield warning(says, how, **facts)
    else:
        yield fine(says, **facts)


def budget() -> dict[str, int]:
    """Connections to the primary database, by what may open them."""
    options: dict[str, Any] = settings.DATABASES["default"]["OPTIONS"]
    pool = options["pool"]["max_size"]
    return {
        "web": settings.WEB_PROCESSES * min(pool, settings.WEB_THREADS),
        # A worker process does one task at a time; some tasks hold a lock on a second connection.
        "worker": settings.WORKER_PROCESSES * 2,
        "events": settings.EVENTS_PROCESSES,
        "readers": settings.EVENTS_PROCESSES * min(len(registered()), settings.READERS_THREADS),
        "outbound": settings.OUTBOUND_PROCESSES,
        "migrate_tenants": 5,
    }
