"""`python -m plg_site.collect`: start the collector. SIGTERM ends it when what is in hand is done."""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging.config
import os
import socket
import sys
from types import FrameType

import django
import uvicorn

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")
django.setup()

from django.conf import settings  # noqa: E402  importable only once Django is set up

from events import metrics, transport  # noqa: E402
from plg_site.collect.application import Application  # noqa: E402
from plg_site.collect.gathering import Gathering  # noqa: E402
from plg_site.collect.knowing import Knowing  # noqa: E402
from plg_site.web import probes  # noqa: E402

# A thread that has heard from Redis waits so long at most for the one that reads bodies (seconds).
_SWITCH = 0.001
MOST_CONNECTIONS = 5_000  # above them uvicorn itself says 503; the application does long before


class Server(uvicorn.Server):
    """Says that it is about to stop, and goes on for a while. A second signal does not wait."""

    def __init__(self, config: uvicorn.Config, *, drain_seconds: int = 0) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        is_hurried, loop = probes.is_leaving() or not self._drain_seconds, self._loop
        probes.leave()
        if is_hurried or loop is None:
            super().handle_exit(sig, frame)
        else:
            end = super().handle_exit
            loop.call_soon_threadsafe(loop.call_later, self._drain_seconds, end, sig, None)


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="plg_site.collect", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8003)
    arguments = parser.parse_args()
    logging.config.dictConfig(settings.LOGGING)
    config = uvicorn.Config(
        Application(knowing=Knowing(), gathering=Gathering(transport.accept)),
        host=arguments.host,
        port=arguments.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who is a proxy says TRUSTED_PROXIES
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=125,  # as of web: longer than what is in front keeps a connection
        timeout_graceful_shutdown=20,
        lifespan="on",
    )
    sys.setswitchinterval(_SWITCH)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # events live for a moment, in no cycle
    probes.share()
    metrics.serve()
    transport.attend_spool()
    Server(config, drain_seconds=settings.DRAIN_SECONDS).run()


if __name__ == "__main__":
    main()
