"""A provider of text messages in Twilio's form: takes messages, and sends signed receipts and answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from base64 import b64encode
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl
from uuid import uuid4


@dataclass(frozen=True)
class Text:
    """A message that was taken."""

    sid: str
    to: str
    sender: str
    body: str
    status_callback: str


class SmsProviderSimulator:
    """`answers`: (status, code, words) given once each instead of taking the message."""

    def __init__(self, *, account: str, token: str) -> None:
        self.account, self._token = account, token
        self.taken: list[Text] = []
        self.answers: deque[tuple[int, int, str]] = deque()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def sign(self, url: str, said: dict[str, str]) -> str:
        """The header of a call to `url` that posts this."""
        text = url
        for name in sorted(said):
            text += name + said[name]
        return b64encode(
            hmac.new(self._token.encode(), text.encode(), hashlib.sha1).digest()
        ).decode()

    def _take(
        self, path: str, authorization: str, said: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        wanted = base64.b64encode(f"{self.account}:{self._token}".encode()).decode()
        if authorization != f"Basic {wanted}":
            return 401, {"code": 20003, "message": "Authenticate"}
        if path != f"/2010-04-01/Accounts/{self.account}/Messages.json":
            return 404, {"code": 20404, "message": "Not found"}
        if self.answers:
            status, code, words = self.answers.popleft()
            return status, {"code": code, "message": words}
        text = Text(
            f"SM{uuid4().hex}", said["To"], said["From"], said["Body"], said["StatusCallback"]
        )
        self.taken.append(text)
        return 201, {"sid": text.sid, "status": "queued"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        simulator = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                said = dict(parse_qsl(body, keep_blank_values=True))
                shown = self.headers.get("Authorization", "")
                status, answer = simulator._take(self.path, shown, said)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        return Handler
