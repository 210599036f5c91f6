"""`python -m plg_site.live`: start the live process. SIGTERM ends it within a second after DRAIN_SECONDS."""

from __future__ import annotations

import argparse
import asyncio
import logging.config
import os
import socket
from types import FrameType

import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")

from django.conf import settings

from plg_site.live.application import HEARTBEAT, application
from plg_site.live.hub import Hub
from plg_site.web import probes


class Server(uvicorn.Server):
    """Says that it is about to stop, goes on for a while, and then ends the streams: uvicorn would wait
    for them for ever. A second signal does not wait."""

    def __init__(self, config: uvicorn.Config, hub: Hub, *, drain_seconds: int = 0) -> None:
        super().__init__(config)
        self._hub, self._drain_seconds = hub, drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        is_hurried, loop = probes.is_leaving() or not self._drain_seconds, self._loop
        probes.leave()
        if is_hurried or loop is None:
            self._end(sig)
        else:
            loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, self._end, sig)

    def _end(self, sig: int) -> None:
        self._hub.close()
        super().handle_exit(sig, None)


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
    probes.share()  # it may have been forked from a process that others were
    Server(config, hub, drain_seconds=settings.DRAIN_SECONDS).run()


if __name__ == "__main__":
    main()
