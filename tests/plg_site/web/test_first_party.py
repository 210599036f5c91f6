"""`/c/v1/…` of the website leads to the collector, without cookies, and says so when it does not answer."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

ORIGIN = {"origin": "https://www.example.com"}


@pytest.fixture
def collector(settings):
    """Something that takes note of what comes, and answers as the collector does."""
    seen = []

    class Notes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(429)
            for name, value in {
                "Content-Type": "application/json", "Retry-After": "7", "Set-Cookie": "a=b",
                "Access-Control-Allow-Origin": "*", "Content-Length": "2",
            }.items():  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Notes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.COLLECT_URL = f"http://127.0.0.1:{server.server_port}"
        yield seen
        server.shutdown()


def test_a_body_goes_through_and_cookies_stay(db, client_for, collector):
    client = client_for()
    client.cookies["plg_session"] = "secret"
    answer = client.post(
        "/c/v1/batch", b'{"batch":[]}', content_type="text/plain",
        headers={"authorization": "Basic d2s6", **ORIGIN},
    )  # fmt: skip
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    [(path, headers, body)] = collector
    assert (path, body) == ("/v1/batch", b'{"batch":[]}')
    assert headers["authorization"] == "Basic d2s6"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["content-type"] == "text/plain"
    assert "cookie" not in headers


def test_too_much_is_refused_before_it_is_sent_on(db, client_for, collector):
    answer = client_for().post("/c/v1/batch", b"x" * 600_000, content_type="text/plain")
    assert answer.status_code == 413
    assert collector == []


def test_without_a_collector_it_says_so(db, client_for, settings):
    settings.COLLECT_URL = ""
    assert client_for().post("/c/v1/batch").status_code == 404
    settings.COLLECT_URL = "http://127.0.0.1:1"
    away = client_for().post("/c/v1/batch")
    assert (away.status_code, away["Retry-After"]) == (503, "5")
