"""A browser in front of an installation whose proxy ends TLS: https outside, plain HTTP to one port."""

from __future__ import annotations

import httpx

from plg_site.walk.browser import Browser

CLIENT = "203.0.113.9"


class BehindTls(httpx.BaseTransport):
    """What is for the domain goes to the port, as a proxy passes it on; the rest goes where it says."""

    def __init__(self, domain: str, port: int) -> None:
        self._domain, self._port = domain, port
        self._plain = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host != self._domain and not host.endswith(f".{self._domain}"):
            return self._plain.handle_request(request)
        told = {"X-Forwarded-For": CLIENT, "X-Forwarded-Proto": "https"}
        inside = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        passed_on = httpx.Request(
            request.method, inside, headers={**request.headers, **told}, stream=request.stream,
            extensions=request.extensions,
        )  # fmt: skip
        return self._plain.handle_request(passed_on)

    def close(self) -> None:
        self._plain.close()


def browser(domain: str, port: int) -> Browser:
    """Of one person; cookies as a browser keeps them under https."""
    made = Browser()
    made.http = httpx.Client(
        transport=BehindTls(domain, port), timeout=60, headers=dict(made.http.headers)
    )
    return made
