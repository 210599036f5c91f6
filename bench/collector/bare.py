"""The least that takes such a body: an ASGI endpoint that reads it and parses it, and does nothing.

python -m bench.collector.bare PORT          on the collector's own server, with its options
"""

from __future__ import annotations

import gc
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def bare(request: Request) -> Response:
    await request.json()
    return Response(b'{"success":true}', media_type="application/json")


async def here(request: Request) -> Response:
    return Response(b"ok")


application = Starlette(
    routes=[Route("/v1/batch", bare, methods=["POST"]), Route("/healthz", here)]
)

if __name__ == "__main__":
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    uvicorn.run(
        application, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning",
        server_header=False, proxy_headers=False, timeout_keep_alive=125,
    )  # fmt: skip
