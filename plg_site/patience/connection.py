"""A connection: what has come of its next request, and against which clock its thread reads."""

from __future__ import annotations

import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn

from plg_site.patience.sending import Limited

ARRIVE_SECONDS = 15.0  # for the head and a small body
IDLE_SECONDS = 10.0  # for the next piece of a large body
SLOWEST = 16 * 1024  # bytes a second of a large body, after the first ARRIVE_SECONDS


class Arriving(TConn):
    """A connection, what has come of its next request, and until when it has to be there.

    It stays with the poller. While `is_busy` a thread has it, and what comes is kept in `received`.
    """

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        limited = Limited(fileno=sock.detach())
        limited.prepare()
        super().__init__(cfg, limited, client, server)
        self.clocked = ClockedSocket(limited)
        self.received = bytearray()
        self.request = b""  # for the thread
        self.walked = 0  # how far its chunks were followed
        self.deadline = 0.0
        self.is_large = self.is_busy = self.is_over = self.has_left = self.is_dropped = False
        self.handed_at = 0.0  # to a thread, or to where it waits for one
        self.unclaimed: list[None] = []  # one, until a thread begins with it or it is given up
        self.goes_on = True  # once the answer is sent
        self.data_ready = True  # before a thread has it

    def claim(self) -> bool:
        """Whether it is the caller's now: of a thread and the main loop, one gets it."""
        try:
            self.unclaimed.pop()
        except IndexError:
            return False
        return True

    def init(self) -> None:
        """In the thread: the parser goes on with what was gathered, and reads against the clock."""
        super().init()
        if self.parser is None or self.is_http2:
            return
        reader = self.parser.unreader
        if reader.sock is not self.clocked:
            reader.sock = self.clocked
        self.clocked.begin()
        reader.unread(self.request)
        self.request = b""


class ClockedSocket:
    """Reads a body of one request as fast as a slow line would, or raises TimeoutError."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._limit: float | None = None  # set by gunicorn while it drains
        self._until = 0.0

    def begin(self) -> None:
        """The clock starts with the first piece that is waited for."""
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
