"""settings.LOGGING: every record of every library through one handler, as JSON or as a line to read."""

from __future__ import annotations

import logging
import os
import sys
import time
from functools import cache, lru_cache
from typing import Any

import msgspec
import structlog
from structlog.stdlib import ProcessorFormatter

from plg_site.logs import records, redaction, tracebacks
from plg_site.logs.role import role

LINE, JSON = "line", "json"
READY = "plg_ready"  # a record's attribute: the line is made, and holds nothing of a client's words
_QUIET = {
    "django.request": "ERROR",
    "django.security.DisallowedHost": "CRITICAL",
    "httpx": "WARNING",
    "psycopg.pool": "ERROR",  # events.postgres says when a server goes and comes
    "stripe": "WARNING",
    "djstripe": "WARNING",
    "celery": "WARNING",
    "kombu": "ERROR",
    "opentelemetry": "CRITICAL",  # plg_site.tracing says when the collector goes and comes
    "django_tasks": "WARNING",
    "wagtail": "WARNING",
}
# What a development stack shows on purpose, to who has no mailbox: its codes and links.
SHOWN = {"mail", "second_factor"}


def configuration(form: str, *, level: str, shows_codes: bool = False) -> dict[str, Any]:
    """For `logging.config.dictConfig`. `form` is LINE or JSON."""
    make = f"{__name__}.formatter"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": make, "form": form, "shows_codes": shows_codes}},
        "filters": {"not_told": {"()": "plg_site.operating.outage_lines.NotToldAlready"}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "ours",
                "filters": ["not_told"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": least} for name, least in _QUIET.items()},
    }


def formatter(form: str, shows_codes: bool) -> logging.Formatter:
    """The formatter of such a configuration; also makes structlog hand its records to `logging`."""
    shared: list[Any] = [structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level]
    structlog.configure(
        processors=[*shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if form == JSON:
        logging.captureWarnings(True)  # else they are lines of Python's own form
    return Formatter(form, shared, shows_codes=shows_codes and form == LINE)


class Formatter(ProcessorFormatter):
    """Makes the line. One that was made before (READY) is only written down."""

    def __init__(self, form: str, shared: list[Any], *, shows_codes: bool = False) -> None:
        self._as_json = form == JSON
        self._shows_codes = shows_codes
        steps: list[Any] = [_stamp, ProcessorFormatter.remove_processors_meta]
        if self._as_json:
            steps += [_who, tracebacks.as_data, self._redact, _encode]
        else:
            steps += [structlog.processors.format_exc_info, self._redact, _readable()]
        super().__init__(
            foreign_pre_chain=[*shared, _plain], processors=steps, pass_foreign_args=True
        )

    def format(self, record: logging.LogRecord) -> str:
        ready: dict[str, Any] | None = getattr(record, READY, None)
        if ready is None:
            return super().format(record)
        line: dict[str, Any] = {"level": "info", **ready}
        line["time"] = _time(record)
        if self._as_json:
            return _encode(None, "", _who(None, "", line))
        return str(_readable()(None, "", line))

    def _redact(self, logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
        if self._shows_codes and line.get("event") in SHOWN:
            return line
        trace = line.pop("exception", None)
        clean: dict[str, Any] = {
            name: redaction.value(each, name=name) for name, each in line.items()
        }
        if isinstance(trace, str):
            clean["exception"] = redaction.text(trace, longest=50_000)
        elif trace is not None:
            clean["exception"] = redaction.value(trace)
        return clean


_plain: Any = records.plain


def _stamp(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    line["time"] = _time(line["_record"])
    return line


def _time(record: logging.LogRecord) -> str:
    """UTC, to the millisecond (RFC 3339)."""
    whole = int(record.created)
    return f"{_second(whole)}.{int((record.created - whole) * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(since_the_epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_the_epoch))


def _who(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    first: dict[str, Any] = {key: line.pop(key, "") for key in ("time", "level", "event")}
    return first | {"role": role(), "pid": os.getpid()} | line


def _encode(logger: Any, method: str, line: dict[str, Any]) -> str:
    """One line; what JSON has no number for is null (msgspec)."""
    return _json.encode(line).decode()


_json = msgspec.json.Encoder()


@cache
def _readable() -> Any:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=0,
        timestamp_key="time",
        # Where rich is installed, the default prints local variables: secrets, slowly.
        exception_formatter=structlog.dev.plain_traceback,
    )
