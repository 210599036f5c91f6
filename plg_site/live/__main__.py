"""`python -m plg_site.live`: start the live process. SIGTERM ends it within a second."""

from __future__ import annotations

import argparse
import logging.config
import os
from types import FrameType

import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")

from django.conf import settings

from plg_site.live.application import HEARTBEAT, application
from plg_site.live.hub import Hub


class Server(uvicorn.Server):
    """Ends the streams when it is told to stop: uvicorn would wait for them for ever."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._hub.close()
        super().handle_exit(sig, frame)


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="plg_site.live", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--heartbeat", type=float, default=HEARTBEAT, help="seconds")
    arguments = parser.parse_args()
    logging.config.dictConfig(settings.LOGGING)
    hub = Hub(
        settings.REDIS_URL,
        most=settings.LIVE_MAX_LISTENERS,
        most_a_channel=settings.LIVE_MAX_LISTENERS_PER_WORKSPACE,
    )
    config = uvicorn.Config(
        application(hub, heartbeat=arguments.heartbeat),
        host=arguments.host,
        port=arguments.port,
        log_config=None,
        access_log=False,  # addresses carry tokens
        server_header=False,
        limit_concurrency=settings.LIVE_MAX_LISTENERS + 100,
        timeout_graceful_shutdown=2,
    )
    Server(config, hub).run()


if __name__ == "__main__":
    main()
