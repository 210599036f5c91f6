"""The little HTTP server: one caller after the other, each against a clock."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import structlog

from events.metrics import exposition

log = structlog.get_logger()


def door(address: str, port: int, *, wait: float, patience: float) -> HTTPServer:
    """Listens; `handle_request` waits so many seconds for a caller. Raises OSError."""
    ours = exposition.Ours()

    class Answer(BaseHTTPRequestHandler):
        timeout = patience  # of the connection
        server_version, sys_version = "metrics", ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = exposition.text(ours)
            self.send_response(200)
            self.send_header("Content-Type", exposition.CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: it is asked four times a minute."""

    class Server(HTTPServer):
        timeout = wait
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

        def server_bind(self) -> None:
            """Without the look-up of a name that http.server makes."""
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = address, port

        def handle_error(self, request: Any, client_address: Any) -> None:
            log.warning("metrics_not_answered", exc_info=True)

    server = Server((address, port), Answer)
    log.info("metrics_served", address=address, port=port)
    return server
