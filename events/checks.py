"""System checks: what a wrong setting would only show under load, said at start-up."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from events import conf
from events.store import is_clickhouse

MIDDLEWARE = "events.middleware.EventBufferMiddleware"


@register()
def check_events_database(**_: Any) -> list[CheckMessage]:
    """The store has an address of its own."""
    try:
        url = conf.database_url()
        if is_clickhouse(url):
            return _check_clickhouse(url)
        address = conninfo_to_dict(url)
    except (AttributeError, ProgrammingError, ValueError):
        return [
            Error(
                "EVENTS_DATABASE_URL must look like postgres://user:password@host:5432/name or "
                "clickhouse://user:password@host:8123/name.",
                id="events.E001",
            )
        ]
    primary = settings.DATABASES["default"]
    ours = (address.get("host"), str(address.get("port") or ""), address.get("dbname"))
    if ours == (primary.get("HOST"), str(primary.get("PORT") or ""), primary.get("NAME")):
        return [
            Error(
                "EVENTS_DATABASE_URL and DATABASE_URL name the same database.",
                hint="Events would load the database that the product lives on: give them another.",
                id="events.E002",
            )
        ]
    return []


def _check_clickhouse(url: str) -> list[CheckMessage]:
    """It names a server and a database, and its client is installed. Raises ValueError."""
    parts = urlsplit(url)
    if not (parts.hostname and parts.path.strip("/") and parts.port != 0):
        raise ValueError(url)
    if find_spec("clickhouse_connect"):
        return []
    return [Error("The package clickhouse-connect is not installed.", id="events.E004")]


@register()
def check_stream(**_: Any) -> list[CheckMessage]:
    """There is a Redis to write to, and requests send their events together."""
    found: list[CheckMessage] = []
    if not str(getattr(settings, "REDIS_URL", "")).startswith(("redis://", "rediss://", "unix://")):
        found.append(Error("REDIS_URL must look like redis://host:6379/0.", id="events.E003"))
    if MIDDLEWARE not in settings.MIDDLEWARE:
        found.append(
            Warning(
                f"{MIDDLEWARE} is not in MIDDLEWARE: each event costs a round trip of its own.",
                id="events.W001",
            )
        )
    return found


@register()
def check_spool(**_: Any) -> list[CheckMessage]:
    """Events have a place to wait when Redis is away."""
    folder = conf.spool_dir()
    nearest = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if os.access(nearest, os.W_OK):
        return []
    return [
        Warning(
            f"{folder} cannot be written: while Redis is away, events would be refused.",
            id="events.W002",
        )
    ]
