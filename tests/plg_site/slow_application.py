"""What the tests of the worker run in gunicorn: it reads the whole body, and says how long it was.

/hold takes a thread for HOLDS seconds; /counted says how often /count was begun.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

SIZE, PAGE, HOLDS = 24_000_000, 300_000, 3.0
_begun: list[None] = []
_LARGE = {"/page", "/piece", "/file", "/pieces", "/chunks"}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path in _LARGE:
        return _large(path, environ, start_response)
    length = 0
    if path != "/unread":
        while piece := environ["wsgi.input"].read(65536):
            length += len(piece)
    if path == "/hold":
        time.sleep(HOLDS)
    elif path == "/count":
        _begun.append(None)
    elif path == "/counted":
        length = len(_begun)
    body = f"{path} {length}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def _large(
    path: str, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """In one piece, as a file, in pieces of a known length in all, or in chunks."""
    headers = [("Content-Type", "text/plain")]
    if path != "/chunks":
        headers.append(("Content-Length", str(PAGE if path == "/page" else SIZE)))
    start_response("200 OK", headers)
    if path == "/file":
        file = open(_file().name, "rb")  # noqa: SIM115  gunicorn closes it
        answer: Iterable[bytes] = environ["wsgi.file_wrapper"](file)
        return answer
    whole = content()
    if path == "/piece":
        return [whole]
    if path == "/page":
        return [whole[:PAGE]]
    return (whole[at : at + 50_000] for at in range(0, SIZE, 50_000))


@cache
def _file() -> Any:
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115  for as long as the process
    file.write(content())
    file.flush()
    return file


@cache
def content() -> bytes:
    """SIZE bytes, in which no piece can be mistaken for its neighbour."""
    return b"".join(b"%08d" % number + b"." * 992 for number in range(SIZE // 1000))
