"""One POST to an address that is not ours: to the address that was checked, within bounds.

No redirect is followed, no proxy of the environment is asked, no cookie or connection is kept, and of
the answer nothing is read but its head.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import certifi
import httpcore

from outbound.webhooks import places

SECONDS = 15.0  # for all of it
_TO_CONNECT = 5.0


@dataclass(frozen=True)
class Answer:
    """Status and the header Retry-After, "" where there is none."""

    status: int
    retry_after: str = ""


class Failed(Exception):
    """No answer. `may_have_arrived`: the request was on its way."""

    def __init__(self, reason: str, detail: str, *, may_have_arrived: bool) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail, self.may_have_arrived = reason, detail, may_have_arrived


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Raises Failed, places.NotAllowed."""
    places.check_url(url)
    target = httpcore.URL(url)
    host = target.host.decode().strip("[]")
    try:
        addresses = places.find(host)
    except places.NotFound as error:
        raise Failed("name_not_found", str(error), may_have_arrived=False) from error
    wire = _Wire(addresses, time.monotonic() + SECONDS)
    said = {**headers, "Host": _host(target), "Content-Length": str(len(body))}
    pool = httpcore.ConnectionPool(
        ssl_context=_tls(), network_backend=wire, max_connections=1, max_keepalive_connections=0
    )
    request = httpcore.Request(
        "POST", target, headers=[(name.encode(), value.encode()) for name, value in said.items()],
        content=body, extensions={"timeout": {"connect": _TO_CONNECT, "read": SECONDS, "write": SECONDS}},
    )  # fmt: skip
    with pool:
        try:
            response = pool.handle_request(request)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise _failed(error, began=wire.has_connected) from error
        try:
            return Answer(response.status, _retry_after(response.headers))
        finally:
            _let_go(response)


def _let_go(response: httpcore.Response) -> None:
    """Without what else it has to say."""
    try:
        response.close()
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError):
        return


def _failed(error: Exception, *, began: bool) -> Failed:
    detail = f"{type(error).__name__}: {error}".replace("\n", " ")[:200]
    if isinstance(error, httpcore.ConnectTimeout | httpcore.ConnectError) or not began:
        reason = "tls_failed" if "SSL" in detail or "ssl" in detail else "endpoint_unreachable"
        return Failed(reason, detail, may_have_arrived=False)
    if isinstance(error, httpcore.TimeoutException):
        return Failed("endpoint_too_slow", detail, may_have_arrived=True)
    return Failed("endpoint_hung_up", detail, may_have_arrived=True)


def _retry_after(headers: Sequence[tuple[bytes, bytes]]) -> str:
    found = (value for name, value in headers if name.lower() == b"retry-after")
    return next(found, b"").decode("latin-1")[:60]


def _host(url: httpcore.URL) -> str:
    host = url.host.decode()
    default = {b"https": 443, b"http": 80}[url.scheme]
    return host if url.port in (None, default) else f"{host}:{url.port}"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


class _Wire(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever host it is asked for, until a deadline."""

    def __init__(self, addresses: Sequence[str], ends_at: float) -> None:
        self._addresses = addresses
        self._ends_at = ends_at
        self._plain = httpcore.SyncBackend()
        self.has_connected = False

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        failed: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                stream = self._plain.connect_tcp(
                    address, port, timeout=_left(self._ends_at, timeout)
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            return _Bounded(stream, self)
        raise failed

    def left(self, timeout: float | None) -> float:
        return _left(self._ends_at, timeout)


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step counts into the one deadline: dripping bytes do not move it."""

    def __init__(self, stream: httpcore.NetworkStream, wire: _Wire) -> None:
        self._stream, self._wire = stream, wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=self._wire.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._wire.has_connected = True
        self._stream.write(buffer, timeout=self._wire.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        stream = self._stream.start_tls(ssl_context, server_hostname, self._wire.left(timeout))
        return _Bounded(stream, self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(ends_at: float, timeout: float | None) -> float:
    """Seconds for the next step. Raises httpcore.ReadTimeout when there are none."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("took too long")
    return min(left, timeout) if timeout is not None else left
