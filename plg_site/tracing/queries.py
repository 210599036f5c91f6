"""Questions to the database, as spans below what asked: what is done to which table, and no more.

A statement's text may hold values (raw SQL, DDL); names of tables are the code's. At most MOST of a request
or task are drawn: the rest says how many more there were.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from plg_site.tracing.sending import tracer

MOST = 64
_LOOKED_AT = 2_000  # characters of a statement
_COUNTED = "plg.queries"
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|TABLE)\s+(?:"?\w+"?\.)?"?(\w{1,63})"?', re.IGNORECASE)
_VERB = re.compile(r"\s*\(?\s*([A-Za-z]{1,20})\b")


def listen() -> None:
    """From now on, each connection that is made."""
    connection_created.connect(_wrap, dispatch_uid="plg_site.tracing.queries")


def _wrap(connection: BaseDatabaseWrapper, **_: object) -> None:
    if _drawn not in connection.execute_wrappers:
        connection.execute_wrappers.append(_drawn)


def _drawn(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Django's wrapper of a query (docs: "Database instrumentation")."""
    above: Any = trace.get_current_span()
    if not above.is_recording():
        return execute(sql, params, many, context)
    number = (above.attributes or {}).get(_COUNTED, 0) + 1
    above.set_attribute(_COUNTED, number)
    if number > MOST:
        return execute(sql, params, many, context)
    said = summary(sql[:_LOOKED_AT]) if isinstance(sql, str) else "SQL"
    span = tracer().start_span(said, kind=SpanKind.CLIENT)
    span.set_attributes({"db.system.name": "postgresql", "db.query.summary": said})
    try:
        return execute(sql, params, many, context)
    except Exception as error:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(StatusCode.ERROR)
        raise
    finally:
        span.end()


@lru_cache(maxsize=1024)
def summary(sql: str) -> str:
    """Like "SELECT tenants_tenant": the first word, and the first table."""
    verb, table = _VERB.match(sql), _TABLE.search(sql)
    return " ".join(filter(None, (verb[1].upper() if verb else "SQL", table[1] if table else "")))
