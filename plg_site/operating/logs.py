"""One readable line for each log record: level, event, then its fields."""

import logging
import sys
from typing import Any

import structlog


def line_formatter() -> logging.Formatter:
    """The formatter of settings.LOGGING; also makes structlog hand its records to `logging`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                pad_event_to=0,
                # Where rich is installed, the default prints local variables: secrets, slowly.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
    )
