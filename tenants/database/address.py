"""Where the database is, as libpq takes it: for connections and programs beside Django's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.pq import Conninfo

_NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def of(database: Mapping[str, Any]) -> dict[str, Any]:
    """Keywords of libpq from an entry of settings.DATABASES, its TLS and other options with them."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    options = database.get("OPTIONS", {})
    named = {keyword: database[name] for name, keyword in _NAMES.items() if database[name]}
    return named | {name: value for name, value in options.items() if name in known}
