"""What a database's outage has to say is two lines (events.postgres.breaker): who stumbles over it meanwhile,
a task or a page that tried, adds none with its traceback."""

from __future__ import annotations

import logging
import sys
from typing import Any

from events.postgres import is_away, is_told


class NotToldAlready(logging.Filter):
    """Lets through what is no error of a database that the log has called away."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = _error_of(record)
        return error is None or not (is_told() and is_away(error))


def _error_of(record: logging.LogRecord) -> BaseException | None:
    said: Any = record.exc_info
    if not said and isinstance(record.msg, dict):  # structlog's, not rendered yet
        said = record.msg.get("exc_info")
    if said is True:
        said = sys.exc_info()
    if isinstance(said, tuple):
        said = said[1]
    return said if isinstance(said, BaseException) else None
