"""The connection budget: what all processes may open at once must fit into what the servers give.

Both databases are counted: in most first installations they are on one server, and share what it gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from events.readers import registered
from events.store import is_clickhouse
from outbound import channels
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Connections"
SPARE = 5  # for a person with psql, a backup, this command
ROOM = 0.8  # of what there is; beyond, what comes unforeseen has no room
PREPARE = 5  # of `prepare`, which migrates workspaces side by side
AT_ONCE = 2  # a process that does one thing at a time; some hold a lock on a second connection
_PATIENCE = 5  # seconds

# Two addresses lead to one server when it began at the same microsecond.
_SERVER = "SELECT pg_postmaster_start_time()"
_LIMITS = """
    SELECT current_setting('max_connections')::int
           - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true)::int, 0),
           (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
"""


def look() -> Iterator[Finding]:
    app, log = budget(), events_budget()
    with connection.cursor() as cursor:
        cursor.execute(_SERVER)
        here = cursor.fetchone()
        cursor.execute(_LIMITS)
        given = _least(cursor.fetchone())
    if is_clickhouse(settings.EVENTS_DATABASE_URL):
        yield _compare({"": app}, given)
        return
    with psycopg.connect(settings.EVENTS_DATABASE_URL, connect_timeout=_PATIENCE) as there:
        same = there.execute(_SERVER).fetchone() == here
        given_there = _least(there.execute(_LIMITS).fetchone())
    if same:
        yield _compare({"": app, "events database: ": log}, given)
    else:
        yield _compare({"": app}, given)
        yield _compare({"events database: ": log}, given_there)


def budget(conf: Any = settings, *, readers: int | None = None) -> dict[str, int]:
    """Connections to the primary database, by what may open them. `readers`: how many follow the log."""
    pool = conf.DATABASES["default"]["OPTIONS"]["pool"]["max_size"]
    follow = len(registered()) if readers is None else readers
    return {
        "web": _with_surge(conf, conf.WEB_PROCESSES) * min(pool, conf.WEB_THREADS),
        "worker": _with_surge(conf, conf.WORKER_PROCESSES) * min(pool, AT_ONCE),
        "events": _with_surge(conf, conf.EVENTS_PROCESSES),
        "readers": _with_surge(conf, conf.READERS_PROCESSES) * min(follow, conf.READERS_THREADS),
        # One looks what is due, and each lane of a channel sends.
        "outbound": _with_surge(conf, conf.OUTBOUND_PROCESSES)
        * min(pool, 1 + sum(each.lanes for each in channels.registered())),
        "collect": _with_surge(conf, conf.COLLECT_PROCESSES),  # which looks what sources there are
        "prepare": PREPARE,
    }


def events_budget(conf: Any = settings, *, readers: int | None = None) -> dict[str, int]:
    """The same of the events database, where that is PostgreSQL: each process has a pool of its own."""
    pool = conf.EVENTS_POOL_SIZE
    follow = len(registered()) if readers is None else readers
    at_once = min(pool, follow, conf.READERS_THREADS)
    return {
        "web": _with_surge(conf, conf.WEB_PROCESSES) * min(pool, conf.WEB_THREADS),
        "worker": _with_surge(conf, conf.WORKER_PROCESSES) * min(pool, AT_ONCE),
        "events": _with_surge(conf, conf.EVENTS_PROCESSES) * min(pool, AT_ONCE),
        "readers": _with_surge(conf, conf.READERS_PROCESSES) * at_once,
        "prepare": min(pool, AT_ONCE),
    }


def _with_surge(conf: Any, processes: int) -> int:
    """What runs while a rolling update starts new ones before the old ones end."""
    return math.ceil(processes * (100 + conf.UPDATE_SURGE_PERCENT) / 100)


def _least(limits: tuple[int, ...] | None) -> int:
    return min(limit for limit in limits or () if limit >= 0)


def _compare(parts: Mapping[str, Mapping[str, int]], given: int) -> Finding:
    needed = sum(sum(each.values()) for each in parts.values()) + SPARE
    words = "; ".join(
        prefix + ", ".join(f"{name} {count}" for name, count in each.items())
        for prefix, each in parts.items()
    )
    says = f"up to {needed} of {given} ({words}; others {SPARE})"
    facts: dict[str, object] = {"needed": needed, "given": given}
    for prefix, each in parts.items():
        facts |= {f"{'events_database_' if prefix else ''}{name}": n for name, n in each.items()}
    how = (
        "Lower DATABASE_POOL_SIZE, EVENTS_POOL_SIZE or the number of processes, raise max_connections, "
        "or put PgBouncer in session mode before it."
    )
    if needed > given:
        return problem(says, how, **facts)
    if needed > given * ROOM:
        return warning(says, how, **facts)
    return fine(says, **facts)
