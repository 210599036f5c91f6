"""Between the application and the simulator: a Stripe that acts and does not answer, or refuses.

`Faults` is an HTTP server: what it is told of fails, everything else passes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

# "away": it does nothing and hangs up; "lost", the cruel one: it acts, and nobody hears of it; or a status.
Kind = Literal["away", "lost"] | int
_REFUSALS = {  # type and code, as Stripe's API reference ("Errors") has them
    409: ("idempotency_error", "idempotency_key_in_use"),
    429: ("invalid_request_error", "rate_limit"),
}
FAULTS: tuple[Kind, ...] = ("away", "lost", 409, 429, 500)


@dataclass
class Faults:
    """`url` is what the application talks to; `seen` are the POSTs that came, as paths."""

    simulator: str
    url: str = ""
    kind: Kind | None = None
    part: str = ""
    left: int = 0
    seen: list[str] = field(default_factory=list)

    @contextmanager
    def on(self, part: str, kind: Kind, *, times: int = 99) -> Iterator[None]:
        """POSTs whose path has this part fail so."""
        self.fail(kind, part=part, times=times)
        yield
        self.kind = None

    def fail(self, kind: Kind, *, part: str = "", times: int = 99) -> None:
        """From now on; without a part, whatever changes something."""
        self.part, self.kind, self.left = part, kind, times

    def open(self) -> ThreadingHTTPServer:
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass()

            def do_DELETE(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                faults.seen.append(self.path)
                if not faults.part and self.path.endswith("create_preview"):
                    return self._pass()  # changes nothing
                if faults.kind is None or faults.part not in self.path or faults.left <= 0:
                    return self._pass()
                faults.left -= 1
                if faults.kind == "lost":
                    self._ask()
                if isinstance(faults.kind, str):
                    self.close_connection = True
                    self.connection.close()
                    return None
                kind, code = _REFUSALS.get(faults.kind, ("api_error", "lock_timeout"))
                error = {"message": "Not now.", "type": kind, "code": code}
                body = json.dumps({"error": error}).encode()
                return self._answer(faults.kind, body, {"Retry-After": "0"})

            def _ask(self) -> httpx.Response:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host",)}
                url = f"{faults.simulator}{self.path}"
                return httpx.request(self.command, url, content=body, headers=headers, timeout=60)

            def _pass(self) -> None:
                answer = self._ask()
                kept = {
                    key: value
                    for key, value in answer.headers.items()
                    if key.lower().startswith(("request-id", "stripe-", "idempot", "content-type"))
                }
                self._answer(answer.status_code, answer.content, kept)

            def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
                if self.command == "POST" and status in (409, 429, 500):
                    self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        return server
