"""A program that takes webhooks: it keeps what it got, and answers as it is told.

with WebhookEndpointSimulator() as endpoint:
    …  # endpoint.url, endpoint.received
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

_TOLERANCE = 300  # seconds between the sender's clock and ours


@dataclass(frozen=True)
class Received:
    """A request; names of headers in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_with(self, secret: str) -> bool:
        """As Standard Webhooks has a receiver check it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        timestamp = self.headers["webhook-timestamp"]
        if abs(time.time() - int(timestamp)) > _TOLERANCE:
            return False
        signed = f"{self.message_id}.{timestamp}.".encode() + self.body
        wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        said = [each.partition(",") for each in self.headers["webhook-signature"].split()]
        return any(
            version == "v1" and hmac.compare_digest(value, wanted) for version, _, value in said
        )


@dataclass(frozen=True)
class Answer:
    """`after`: seconds before it is given."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


class WebhookEndpointSimulator:
    """`answers` are given once each, in their order; then `always`."""

    def __init__(self, always: Answer | None = None) -> None:
        self.received: list[Received] = []
        self.answers: deque[Answer] = deque()
        self.always = always or Answer()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = {name.lower(): value for name, value in self.headers.items()}
                simulator.received.append(Received(self.path, said, body))
                try:
                    answer = simulator.answers.popleft()
                except IndexError:
                    answer = simulator.always
                time.sleep(answer.after)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler
