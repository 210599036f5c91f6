"""Gunicorn's threaded worker, which gives a thread only to a request that has arrived.

Gunicorn waits in a thread until a request is whole; a few dozen clients that never finish theirs hold
all threads. Here the main loop gathers the head, and a body as small as a form's, without a thread,
and lets go of who takes too long. A larger body is read by a thread, against a clock: a few seconds,
and on top the time that a slow line needs. Half of the threads at most do that at the same time.

Nor does the main loop wait for a client to close its side of a connection, as gunicorn's does.
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

ARRIVE_SECONDS = 15.0  # for the head and a small body
SMALL_BODY = 64 * 1024  # bytes, gathered without a thread
LARGEST_HEAD = 64 * 1024
IDLE_SECONDS = 10.0  # for the next piece of a large body
SLOWEST = 16 * 1024  # bytes a second of a large body, after the first ARRIVE_SECONDS
SEND_SECONDS = 30.0  # for the client to take the next piece of an answer
LINGER_SECONDS = 2.0  # between our end of a connection and the client's
_PIECE = 64 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
# How much is to come is unknown, or the client waits for a word before it sends it.
_OPEN_END = re.compile(rb"\r\n(?:transfer-encoding|expect):", re.IGNORECASE)
_WORDS = "Too many uploads at this moment. Please try again in some seconds."
_TEXT = ("text/plain; charset=utf-8", _WORDS)
_PROBLEM = (
    "application/problem+json",
    json.dumps(
        {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": _WORDS}
    ),
)
_BUSY, _BUSY_API = (
    (
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(words)}\r\n\r\n{words}"
    ).encode()
    for kind, words in (_TEXT, _PROBLEM)
)
_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Arriving(TConn):
    """A connection, what has come of its next request, and until when it has to be there."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.received = bytearray()
        self.deadline = 0.0
        self.is_large = False

    def init(self) -> None:
        """In the thread: the parser goes on with what was gathered, and reads against the clock."""
        super().init()
        self.sock.settimeout(SEND_SECONDS)
        if self.parser is None or self.is_http2:
            return
        self.parser.unreader.sock = ClockedSocket(self.sock)
        if self.received:
            self.parser.unreader.unread(bytes(self.received))
            self.received.clear()


class ClockedSocket:
    """Reads a body of one request as fast as a slow line would, or raises TimeoutError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limit: float | None = None  # set by gunicorn while it drains
        self._until = 0.0

    def recv(self, size: int) -> bytes:
        now = time.monotonic()
        self._until = self._until or now + ARRIVE_SECONDS
        left = min(IDLE_SECONDS, self._until - now)
        if self._limit is not None:
            left = min(left, self._limit)
        if left <= 0:
            raise TimeoutError("The body of the request came too slowly.")
        self._sock.settimeout(left)
        try:
            data = self._sock.recv(size)
        finally:
            self._sock.settimeout(SEND_SECONDS)
        self._until += len(data) / SLOWEST
        return data

    def gettimeout(self) -> float | None:
        return self._limit

    def settimeout(self, seconds: float | None) -> None:
        self._limit = seconds


class PatientWorker(ThreadWorker):
    """See above. `gathering` and `lingering` are in the order of their deadlines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gathering: dict[Arriving, None] = {}
        self.lingering: dict[Arriving, None] = {}
        self.reading = 0  # threads that may be reading a large body

    # --- Arriving ----------------------------------------------------------------------------

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = Arriving(self.cfg, sock, address, listener.getsockname())
        if len(self.gathering) > self.worker_connections // 2:
            self._drop(next(iter(self.gathering)))
        self._gather(conn)

    def on_client_socket_readable(self, conn: Arriving, client: socket.socket) -> None:
        """The next request on a kept connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn)

    def _gather(self, conn: Arriving) -> None:
        conn.sock.setblocking(False)
        conn.deadline = time.monotonic() + ARRIVE_SECONDS
        conn.is_large = False
        if self._take(conn):  # most requests are there as soon as the connection is
            return
        self.gathering[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_more, conn))

    def _on_more(self, conn: Arriving, _: object) -> None:
        self._take(conn)

    def _take(self, conn: Arriving) -> bool:
        """Take what is there; whether that was all, and the connection is somebody else's now."""
        try:
            data = conn.sock.recv(_PIECE)
        except (BlockingIOError, InterruptedError):
            data = None
        except OSError:
            data = b""
        if data is not None:
            if not data:
                self._drop(conn)
                return True
            conn.received += data
        return self._handed_over(conn)

    def _handed_over(self, conn: Arriving) -> bool:
        end = conn.received.find(b"\r\n\r\n")
        if end < 0:
            if len(conn.received) <= LARGEST_HEAD:
                return False
            self._refuse(conn, _TOO_LONG)
            return True
        head = bytes(conn.received[: end + 2])
        said = _LENGTH.search(head)
        length = int(said[1]) if said else 0
        conn.is_large = length > SMALL_BODY or _OPEN_END.search(head) is not None
        if not conn.is_large and len(conn.received) < end + 4 + length:
            return False
        if conn.is_large:
            if self.reading >= max(1, self.cfg.threads // 2):
                self._refuse(conn, _BUSY_API if b" /api/" in head[:20] else _BUSY)
                return True
            self.reading += 1
        conn.data_ready = True
        self._forget(conn)  # before a thread has it
        self.enqueue_req(conn)
        return True

    # --- Leaving -----------------------------------------------------------------------------

    def finish_request(self, conn: Arriving, fs: Any) -> None:
        """In the main loop, once a thread is done."""
        if conn.is_large:
            self.reading -= 1
            conn.is_large = False
        try:
            goes_on = not fs.cancelled() and fs.result() is True
        except Exception:
            goes_on = False
        if not goes_on:
            self._linger(conn)
            return
        ahead = conn.parser.unreader.take_buffered()
        if ahead:  # of the next request; it may be a part of it
            conn.received += ahead
            self._gather(conn)
            return
        super().finish_request(conn, fs)

    def _refuse(self, conn: Arriving, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            conn.sock.send(answer)
        self._forget(conn)
        self._linger(conn)

    def _linger(self, conn: Arriving) -> None:
        """End our side, and give the client a moment to read the answer (RFC 9112, 9.6)."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._on_last, conn))
        except (OSError, ValueError, KeyError):
            self._gone(conn)
            return
        conn.deadline = time.monotonic() + LINGER_SECONDS
        self.lingering[conn] = None

    def _on_last(self, conn: Arriving, _: object) -> None:
        try:
            if conn.sock.recv(_PIECE):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._drop(conn)

    def _drop(self, conn: Arriving) -> None:
        self._forget(conn)
        self._gone(conn)

    def _forget(self, conn: Arriving) -> None:
        """The main loop has no more to do with its socket."""
        if conn in self.gathering or conn in self.lingering:
            self.gathering.pop(conn, None)
            self.lingering.pop(conn, None)
            with contextlib.suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)

    def _gone(self, conn: Arriving) -> None:
        self.nr_conns -= 1
        util.close(conn.sock)

    def murder_pending(self) -> None:
        """Let go of who has had his time; of a worker that stops, of all who have said nothing."""
        super().murder_pending()
        now = time.monotonic()
        for waiting in (self.gathering, self.lingering):
            while waiting and (first := next(iter(waiting))).deadline <= now:
                self._drop(first)
        if not self.alive:
            for conn in [each for each in self.gathering if not each.received]:
                self._drop(conn)
