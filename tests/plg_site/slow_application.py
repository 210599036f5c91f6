"""What the tests of the worker run in gunicorn: it reads the whole body, and says how long it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    path = environ["PATH_INFO"]
    length = 0
    if path != "/unread":
        while piece := environ["wsgi.input"].read(65536):
            length += len(piece)
    body = f"{path} {length}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    yield body
