"""`/livez` and `/readyz`: what a load balancer, a kubelet or a supervisor asks, under any name or address.

    live    this process answers. It says nothing of others: who restarts it because of them heals nothing.
    ready   it is warmed up and not about to stop. A database that is away makes no web unready: all of
            them would be, and the pages that need none would be gone, too.

`?verbose` says more, as JSON, to this machine and INTERNAL_NETWORKS, unless a proxy hands it on.

Asked in front of everything else: by the gunicorn worker's main loop without a thread
(plg_site.patience.worker), elsewhere by a WSGI application in front of Django's. This module needs neither
Django nor settings.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

LIVE, READY = "/livez", "/readyz"
PATHS = (LIVE, READY)
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_VIA")
_FORWARDED_LINES = tuple(
    f"\r\n{name.removeprefix('HTTP_').replace('_', '-').lower()}:".encode() for name in _FORWARDED
)
_BEGINS = tuple(
    f"{method} {path}{end}".encode()
    for method in ("get", "head")
    for path in PATHS
    for end in (" ", "?")
)

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Answer(NamedTuple):
    status: HTTPStatus
    content_type: str
    body: bytes


class _Standing:
    """Of this process; `leaving` is shared with the processes that were forked from it since `share`."""

    def __init__(self) -> None:
        self.is_warm = False
        self.internal: Sequence[Any] = ()
        self.report: Callable[[], Mapping[str, Any]] = dict
        self.leaving = mmap.mmap(-1, 1)


_standing = _Standing()


def share() -> None:
    """In the process that forks the workers, before it does: `leave` is for all of them."""
    _standing.leaving = mmap.mmap(-1, 1)


def begin(*, internal: Sequence[str] = (), report: Callable[[], Mapping[str, Any]] = dict) -> None:
    """Warmed up. `internal`: networks and addresses that may ask for more; `report` is what they get."""
    _standing.internal = [ip_network(each) for each in internal]
    _standing.report = report
    _is_internal.cache_clear()
    _standing.is_warm = True


def leave() -> None:
    """About to stop: no more requests, please."""
    _standing.leaving[0] = 1


def is_leaving() -> bool:
    return _standing.leaving[0] != 0


def stop() -> None:
    """The drain is over: all workers stop, also one that is just being started."""
    _standing.leaving[0] = 2


def is_stopping() -> bool:
    return _standing.leaving[0] == 2


def answer(path: str, *, wants_all: bool = False, is_stopping: bool = False) -> Answer:
    """To LIVE or READY."""
    state = "starting" if not _standing.is_warm else "ready"
    if is_stopping or is_leaving():
        state = "leaving"
    is_well = path == LIVE or state == "ready"
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    if wants_all:
        said = {"state": state, **_standing.report()}
        return Answer(status, "application/json", json.dumps(said).encode())
    word = "ok" if is_well else state
    return Answer(status, "text/plain; charset=utf-8", word.encode())


# --- On the wire ------------------------------------------------------------------------------


def on_the_wire(head: bytes, *, peer: object, is_stopping: bool) -> bytes | None:
    """The answer to this head (in small letters) of a request, or None: it asks for something else."""
    if not head.startswith(_BEGINS):
        return None
    method, target, *_ = head.split(b" ", 2)
    path, _, query = target.partition(b"?")
    is_direct = not any(line in head for line in _FORWARDED_LINES)
    host = str(peer[0]) if isinstance(peer, tuple) else ""
    said = answer(
        path.decode("latin-1"),
        wants_all=query == b"verbose" and is_direct and _is_internal(host),
        is_stopping=is_stopping,
    )
    lines = [
        f"HTTP/1.1 {said.status.value} {said.status.phrase}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in _headers(said)),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == b"head" else said.body)


def _headers(said: Answer) -> list[tuple[str, str]]:
    headers = [
        ("Content-Type", said.content_type),
        ("Content-Length", str(len(said.body))),
        ("Cache-Control", "no-store"),
    ]
    return headers if said.status is HTTPStatus.OK else [*headers, ("Retry-After", "5")]


@lru_cache(maxsize=256)
def _is_internal(host: str) -> bool:
    """This machine ("" is a unix socket), or a network that was declared."""
    if not host:
        return True
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or any(inner in network for network in _standing.internal)


class Probes:
    """A WSGI application that answers them, and hands on everything else."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path not in PATHS or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        is_direct = not any(name in environ for name in _FORWARDED)
        is_internal = _is_internal(environ.get("REMOTE_ADDR") or "")
        wants_all = environ.get("QUERY_STRING") == "verbose" and is_direct and is_internal
        said = answer(path, wants_all=wants_all)
        start_response(f"{said.status.value} {said.status.phrase}", _headers(said))
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else said.body]
