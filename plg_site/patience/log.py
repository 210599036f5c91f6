"""Gunicorn's logger: its lines have the format of all others, and what it knows of a request is told.

It is asked at the end of each answer, also of those that Django did not make, and knows what no
application can: how much was sent, and how long that took.
"""

from __future__ import annotations

import logging.config
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from plg_site import logs
from plg_site.configuration import env
from plg_site.patience import telling


class OurLogger(Logger):
    """For gunicorn's `logger_class`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        form = env.one_of("LOG_FORMAT", logs.LINE, (logs.LINE, logs.JSON))
        # In the main process, too, which has no settings of Django's.
        logging.config.dictConfig(logs.configuration(form, level=env.text("LOG_LEVEL", "INFO")))
        for handler in list(self.error_log.handlers):
            self.error_log.removeHandler(handler)
        self.error_log.propagate = True
        self.error_log.setLevel(self.loglevel)

    def access(self, resp: Any, req: Any, environ: Any, request_time: timedelta) -> None:
        """Called by gunicorn when an answer was handed over; must not raise."""
        try:
            telling.of_request(resp, environ, seconds=request_time.total_seconds())
        except Exception:
            self.exception("A request could not be noted")
