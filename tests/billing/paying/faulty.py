"""A Stripe that does not answer as it should: a server between the application and the simulator.

Reading works all the time; writing fails as long as a fault is set. `lost` is the cruel one: Stripe has
acted, and nobody hears of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

REFUSALS = {  # status, type, code, as Stripe's API reference ("Errors")
    "conflict": (409, "idempotency_error", "idempotency_key_in_use"),
    "too_many": (429, "invalid_request_error", "rate_limit"),
    "broken": (500, "api_error", None),
}
FAULTS = ("away", "lost", *REFUSALS)


class Faulty:
    """`url` is where to ask; `fault` what becomes of writing now ("": nothing)."""

    def __init__(self, target: str) -> None:
        self.fault = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, target))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @contextmanager
    def failing(self, fault: str) -> Iterator[None]:
        self.fault = fault
        try:
            yield
        finally:
            self.fault = ""

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(faulty: Faulty, target: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = faulty.fault if self.command != "GET" else ""
            if fault in REFUSALS:
                self._refuse(*REFUSALS[fault])
                return
            if fault == "away":
                self.close_connection = True
                return
            kept = {
                k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")
            }
            given = httpx.request(
                self.command, f"{target}{self.path}", content=body, headers=kept, timeout=30
            )
            if fault == "lost":
                self.close_connection = True
                return
            self._send(given.status_code, given.content, dict(given.headers))

        def _refuse(self, status: int, kind: str, code: str | None) -> None:
            error = {"error": {"type": kind, "code": code, "message": "Not now."}}
            self._send(
                status,
                json.dumps(error).encode(),
                {"Content-Type": "application/json", "Stripe-Should-Retry": "false"},
            )

        def _send(self, status: int, content: bytes, headers: dict[str, Any]) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *args: object) -> None:
            pass

    return Handler
