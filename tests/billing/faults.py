"""A Stripe that fails as told: it stands before the simulator and passes everything else on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Literal

import httpx

Fault = Literal["lost", "409", "429", "500"]
_BODY = '{"error": {"type": "api_error", "message": "as told", "code": "lock_timeout"}}'


@dataclass
class Faulty:
    """`fails` is how it fails from now on, for requests that change something: "lost" acts and then hangs up
    without an answer; a number is answered without acting. `times` says how often; it counts down."""

    behind: str
    fails: Fault | None = None
    times: int = 0
    seen: list[str] = field(default_factory=list)

    def fail(self, how: Fault, *, times: int = 100) -> None:
        self.fails, self.times = how, times


@contextmanager
def faulty(simulator_url: str, settings: SimpleNamespace) -> Iterator[Faulty]:
    """The application talks to it meanwhile."""
    told = Faulty(simulator_url)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        do_POST = do_DELETE = do_GET

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            told.seen.append(f"{self.command} {self.path.split('?')[0]}")
            changes = self.command != "GET" and not self.path.endswith("create_preview")
            how = told.fails if changes and told.times > 0 else None
            if how is not None:
                told.times -= 1
            if how not in (None, "lost"):
                self._send(int(how), _BODY.encode(), {"Retry-After": "1"})
                return
            drop = {"host", "connection", "content-length", "accept-encoding"}
            headers = {k: v for k, v in self.headers.items() if k.lower() not in drop}
            got = httpx.request(
                self.command, told.behind + self.path, content=body, headers=headers, timeout=30
            )
            if how == "lost":
                self.close_connection = True
                return
            self._send(got.status_code, got.content, {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.STRIPE_API_HOST = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        settings.STRIPE_API_HOST = simulator_url
        server.shutdown()
        server.server_close()
