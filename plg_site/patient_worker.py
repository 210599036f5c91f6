"""Gunicorn's threaded worker, which gives a thread only to a request that has arrived.

Gunicorn waits in a thread until a request is whole; a few dozen clients that never finish theirs hold
all threads. Here the main loop gathers the head, and a body as small as a form's, without a thread,
and lets go of who takes too long. A larger body is read by a thread, against a clock: a few seconds,
and on top the time that a slow line needs. Half of the threads at most do that at the same time.

    main loop:  accept -> gathering -> (a thread: handle) -> idle, until the next request comes
                                                          -> lingering, where the connection ends

A connection stays with the poller for all its life, and a thread that has answered tells nobody:
gunicorn's wakes the main loop for each request, and registers the connection anew. Nor does the main
loop wait for a client to close its side of a connection.
"""

from __future__ import annotations

import contextlib
import errno
import json
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
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
_LENGTH = b"\r\ncontent-length:"
# How much is to come is unknown, or the client waits for a word before it sends it.
_OPEN_END = (b"\r\ntransfer-encoding:", b"\r\nexpect:")
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


class Limited(socket.socket):
    """In blocking mode all its life, with the system's time limit for what is sent.

    What gunicorn would switch back and forth with each request stays as it is: each call of the
    system gives up Python's lock, and many threads wait for that.
    """

    def limit(self) -> None:
        """Once, before it is used."""
        self.settimeout(None)
        wait = struct.pack("ll", int(SEND_SECONDS), 0)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)

    def setblocking(self, flag: bool, /) -> None:
        """Nothing: a thread may wait, and the main loop asks without waiting (MSG_DONTWAIT)."""


class Arriving(TConn):
    """A connection, what has come of its next request, and until when it has to be there.

    It stays with the poller. While `is_busy` a thread has it, and what comes is kept in `received`.
    """

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        limited = Limited(fileno=sock.detach())
        limited.limit()
        super().__init__(cfg, limited, client, server)
        self.received = bytearray()
        self.request = b""  # for the thread
        self.deadline = 0.0
        self.is_large = self.is_busy = self.is_over = False
        self.data_ready = True  # before a thread has it

    def init(self) -> None:
        """In the thread: the parser goes on with what was gathered, and reads against the clock."""
        super().init()
        if self.parser is None or self.is_http2:
            return
        reader = self.parser.unreader
        reader.sock = ClockedSocket(self.sock) if self.is_large else self.sock
        reader.unread(self.request)
        self.request = b""


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
            self._sock.settimeout(None)
        self._until += len(data) / SLOWEST
        return data

    def gettimeout(self) -> float | None:
        return self._limit

    def settimeout(self, seconds: float | None) -> None:
        self._limit = seconds


class Threads:
    """Threads that do one thing with what they are given; started when they are needed."""

    def __init__(self, serve: Callable[[Arriving], None], *, most: int) -> None:
        self._serve, self._most = serve, most
        self._given: SimpleQueue[Arriving | None] = SimpleQueue()
        self._free: list[None] = []  # a counter that threads share without a lock
        self._started = 0

    def submit(self, conn: Arriving) -> None:
        """To a free thread, to a new one, or to the first that will be free. By one thread only."""
        try:
            self._free.pop()
        except IndexError:
            if self._started < self._most:
                self._started += 1
                threading.Thread(target=self._run, name=f"web-{self._started}").start()
        self._given.put(conn)

    def shutdown(self, wait: bool = True) -> None:
        """End them once they have nothing to do; the interpreter waits for that."""
        for _ in range(self._started):
            self._given.put(None)

    def _run(self) -> None:
        while (conn := self._given.get()) is not None:
            self._serve(conn)
            self._free.append(None)


class PatientWorker(ThreadWorker):
    """See above. `gathering`, `idle` and `lingering` are about in the order of their deadlines.

    A thread puts into `idle` what it has answered; all else belongs to the main loop.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gathering: dict[Arriving, None] = {}
        self.idle: dict[Arriving, None] = {}
        self.lingering: dict[Arriving, None] = {}
        self.reading = 0  # threads that may be reading a large body
        self._stopped_at: float | None = None

    def get_thread_pool(self) -> Threads:
        return Threads(self._serve, most=self.cfg.threads)

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
        half = self.worker_connections // 2
        if len(self.gathering) > half:
            self._drop(next(iter(self.gathering)))
        if len(self.idle) > half:
            self._drop(list(self.idle)[0])  # noqa: RUF015  a thread may be adding one
        self._begin(conn)
        self._watch(conn)
        self._take(conn)  # most requests are there as soon as the connection is

    def _watch(self, conn: Arriving) -> None:
        callback = partial(self._on_readable, conn)
        try:
            self.poller.register(conn.sock, selectors.EVENT_READ, callback)
        except KeyError:  # its number is that of a connection that a thread has closed
            self.poller.unregister(conn.sock.fileno())
            self.poller.register(conn.sock, selectors.EVENT_READ, callback)

    def _begin(self, conn: Arriving) -> None:
        conn.deadline = time.monotonic() + ARRIVE_SECONDS
        conn.is_large = False
        self.gathering[conn] = None

    def _on_readable(self, conn: Arriving, _: object) -> None:
        if conn in self.lingering:
            self._take_last(conn)
        else:
            self._take(conn)

    def _take(self, conn: Arriving) -> None:
        """Take what is there."""
        try:
            data = conn.sock.recv(_PIECE, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            conn.received += data
        if conn.is_busy:  # it belongs to a thread, which may be done at this moment
            if not data or len(conn.received) > LARGEST_HEAD + SMALL_BODY:
                conn.is_over = True
                self.poller.unregister(conn.sock)
            return self._resume(conn)
        if not data:
            return self._drop(conn)
        return self._look(conn)

    def _resume(self, conn: Arriving) -> None:
        """A thread is done with it, and something had come meanwhile. It may be said twice."""
        if conn.is_busy or conn not in self.idle:
            return
        if conn.is_over:
            self._drop(conn)
        elif conn.received:
            self._look(conn)

    def _look(self, conn: Arriving) -> None:
        """Hand over what is whole."""
        if self.idle.pop(conn, conn) is None:  # the next request on a kept connection
            self._begin(conn)
        end = conn.received.find(b"\r\n\r\n")
        if end < 0:
            if len(conn.received) > LARGEST_HEAD:
                self._refuse(conn, _TOO_LONG)
            return
        head = bytes(conn.received[: end + 2]).lower()
        length = _length(head)
        conn.is_large = length > SMALL_BODY or any(name in head for name in _OPEN_END)
        if not conn.is_large and len(conn.received) < end + 4 + length:
            return
        if conn.is_large:
            if self.reading >= max(1, self.cfg.threads // 2):
                self._refuse(conn, _BUSY_API if b" /api/" in head[:20] else _BUSY)
                return
            self.reading += 1
            self.poller.unregister(conn.sock)  # the thread reads
        self.gathering.pop(conn, None)
        conn.is_busy = True
        conn.request, conn.received = bytes(conn.received), bytearray()
        self.tpool.submit(conn)

    # --- Answering, in a thread --------------------------------------------------------------

    def _serve(self, conn: Arriving) -> None:
        try:
            goes_on = self.handle(conn) is True
        except BaseException:  # the thread lives on
            self.log.exception("Error handling a connection")
            goes_on = False
        ahead = conn.parser.unreader.take_buffered() if goes_on else b""
        if not goes_on or ahead or conn.is_large:
            self.method_queue.defer(self._finish, conn, goes_on, ahead)
            return
        conn.deadline = time.monotonic() + self.cfg.keepalive
        self.idle[conn] = None
        conn.is_busy = False  # from here on the main loop may do anything with it
        if conn.received or conn.is_over:
            self.method_queue.defer(self._resume, conn)

    # --- Leaving -----------------------------------------------------------------------------

    def _finish(self, conn: Arriving, goes_on: bool, ahead: bytes) -> None:
        """In the main loop, once a thread is done: what is more than to wait for the next."""
        conn.is_busy = False
        if conn.is_large:
            self.reading -= 1
            conn.is_large = False
            try:
                self._watch(conn)
            except (OSError, ValueError):  # it was closed after an error
                conn.is_over, goes_on = True, False
        if not goes_on:
            self._linger(conn)
            return
        conn.received[:0] = ahead  # of the next request; it may be a part of it
        conn.deadline = time.monotonic() + self.cfg.keepalive
        self.idle[conn] = None
        self._resume(conn)

    def _refuse(self, conn: Arriving, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self._linger(conn)

    def _linger(self, conn: Arriving) -> None:
        """End our side, and give the client a moment to read the answer (RFC 9112, 9.6)."""
        self.gathering.pop(conn, None)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.is_over = True
        if conn.is_over:
            self._drop(conn)
            return
        conn.deadline = time.monotonic() + LINGER_SECONDS
        self.lingering[conn] = None

    def _take_last(self, conn: Arriving) -> None:
        try:
            if conn.sock.recv(_PIECE, socket.MSG_DONTWAIT):
                return
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            pass
        self._drop(conn)

    def _drop(self, conn: Arriving) -> None:
        for waiting in (self.gathering, self.idle, self.lingering):
            waiting.pop(conn, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        util.close(conn.sock)

    def murder_pending(self) -> None:
        """Let go of who has had his time; of a worker that stops, of all who have said nothing."""
        now = time.monotonic()
        for waiting in (self.gathering, self.lingering):
            while waiting and (first := next(iter(waiting))).deadline <= now:
                self._drop(first)
        if not self.alive:
            self._stopped_at = self._stopped_at or now
            for conn in [each for each in self.gathering if not each.received]:
                self._drop(conn)
        # Of a worker that stops, a request may have been on its way.
        is_over = self._stopped_at is not None and now >= self._stopped_at + LINGER_SECONDS
        for conn in list(self.idle):  # a thread may be adding one
            if is_over or conn.deadline <= now:
                self._drop(conn)
            else:
                break


def _length(head: bytes) -> int:
    """What a head in small letters says of its body; 0 where it says nothing that counts."""
    at = head.find(_LENGTH)
    if at < 0:
        return 0
    said = head[at + len(_LENGTH) : head.index(b"\r\n", at + 2)].strip()
    return int(said) if said.isdigit() and len(said) < 19 else 0
