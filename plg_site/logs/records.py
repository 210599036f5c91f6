"""Records of libraries: what of them goes into a line.

Nothing of what they carry along (`extra`) does: Celery adds arguments of tasks, Django the request with
its query. Django's lines name an address; here they name its route.
"""

from __future__ import annotations

import logging
from typing import Any

LONGEST = 500  # characters of a library's own words
STATUS = "status"
UNRESOLVED = "unresolved"  # the route of what leads nowhere


def plain(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    """structlog's processor for records that did not come from structlog."""
    record: logging.LogRecord | None = line.get("_record")
    if record is None:
        return line
    args = line.pop("positional_args", ())
    request = getattr(record, "request", None)
    if request is not None and hasattr(request, "method"):
        line["event"] = _about(str(record.msg), args)
        line["route"] = route_of(request)
        line["method"] = request.method
        if (status := getattr(record, "status_code", None)) is not None:
            line[STATUS] = status
    else:
        line["event"] = line["event"][:LONGEST]
    line["logger"] = record.name
    return line


def route_of(request: Any) -> str:
    """The name of the address in the code, which no client chooses."""
    match = getattr(request, "resolver_match", None)
    return str(match.view_name) if match is not None else UNRESOLVED


def _about(words: str, args: Any) -> str:
    """The words without the address: it may carry a token."""
    values = args if isinstance(args, tuple) else ()
    shown = tuple("…" if str(each).startswith("/") else each for each in values)
    try:
        return words % shown if shown else words
    except (TypeError, ValueError):
        return words
