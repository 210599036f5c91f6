"""Answers of the main loop itself, as they go over the wire; each ends its connection."""

from __future__ import annotations

import json

_WORDS = "Too many uploads at this moment. Please try again in some seconds."
_TEXT = ("text/plain; charset=utf-8", _WORDS)
_PROBLEM = (
    "application/problem+json",
    json.dumps(
        {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": _WORDS}
    ),
)
BUSY, BUSY_API = (
    (
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(words)}\r\n\r\n{words}"
    ).encode()
    for kind, words in (_TEXT, _PROBLEM)
)
TOO_LONG, NO_LENGTH = (
    f"HTTP/1.1 {said}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
    for said in ("431 Request Header Fields Too Large", "400 Bad Request")
)
