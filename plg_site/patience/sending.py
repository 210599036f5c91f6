"""What a client has not taken yet of an answer: kept, so that no thread waits for it.

A thread hands the system what it takes at once. The rest waits here for the main loop: bytes up to
KEPT, and files of any size (the kernel sends them). Only who makes an answer piece by piece and
outruns the client by more than KEPT waits for it, against a clock; half of the threads at most do.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections import deque
from typing import Any

KEPT = 256 * 1024  # bytes of one answer that wait in memory
SEND_SECONDS = 30.0  # for the client to take the next piece
SLOWEST = 16 * 1024  # bytes a second, after the first SEND_SECONDS
PIECE = 256 * 1024  # bytes sent in one go, so that other connections have their turn


class _File:
    """A part of a file, by a descriptor of its own: the answer closes the other one."""

    __slots__ = ("at", "fd", "left")

    def __init__(self, fd: int, at: int, left: int) -> None:
        self.fd, self.at, self.left = os.dup(fd), at, left


class Limited(socket.socket):
    """In blocking mode all its life, with the system's time limit for a thread that has to wait.

    What gunicorn would switch back and forth with each request stays as it is: each call of the
    system gives up Python's lock, and many threads wait for that.
    """

    waiting = threading.BoundedSemaphore(1)
    """How many threads may wait for a client at once, in all."""

    def prepare(self) -> None:
        """Once, before it is used."""
        self.settimeout(None)
        wait = struct.pack("ll", int(SEND_SECONDS), 0)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, wait)
        self._rest: deque[memoryview | _File] = deque()
        self._kept = 0
        self._until = 0.0

    def setblocking(self, flag: bool, /) -> None:
        """Nothing: a thread may wait, and the main loop asks without waiting (MSG_DONTWAIT)."""

    # --- In the thread that answers ----------------------------------------------------------

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send what the client takes now, keep the rest. Raises OSError, TimeoutError."""
        view = memoryview(data)
        if not self._rest:
            view = view[self._send(view) :]
        if not view:
            return
        self._rest.append(view)
        self._kept += len(view)
        if self._kept <= KEPT:
            return
        if not self.waiting.acquire(blocking=False):
            raise TimeoutError("Too many clients take their answers slowly.")
        try:
            while self._kept > KEPT:
                self._wait_and_send()
        finally:
            self.waiting.release()

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Leave a file, or so many bytes of it, to the main loop."""
        fd = file.fileno()
        left = os.fstat(fd).st_size - offset if count is None else count
        if left > 0:
            self._rest.append(_File(fd, offset, left))
        return left

    def _wait_and_send(self) -> None:
        now = time.monotonic()
        self._until = self._until or now + SEND_SECONDS
        if now > self._until:
            raise TimeoutError("The client takes the answer too slowly.")
        first = self._rest[0]
        if isinstance(first, _File):  # followed by more than a few bytes: nobody does that
            raise OSError("There is a file in front.")
        self._advance(self.send(first[:PIECE]))

    # --- In the main loop --------------------------------------------------------------------

    @property
    def has_more(self) -> bool:
        """Whether something waits for the client."""
        return bool(self._rest)

    def send_more(self) -> int:
        """Send a piece; returns its bytes, 0 when the client takes none now. Raises OSError."""
        first = self._rest[0]
        if not isinstance(first, _File):
            sent = self._send(first[:PIECE])
            self._advance(sent)
            return sent
        os.set_blocking(self.fileno(), False)
        try:
            sent = os.sendfile(self.fileno(), first.fd, first.at, min(first.left, PIECE))
        except (BlockingIOError, InterruptedError):
            return 0
        finally:
            os.set_blocking(self.fileno(), True)
        if not sent:
            raise OSError("The file has become shorter.")
        first.at, first.left = first.at + sent, first.left - sent
        if not first.left:
            os.close(first.fd)
            self._rest.popleft()
        return sent

    def forget(self) -> None:
        """Nobody will send the rest."""
        for each in self._rest:
            if isinstance(each, _File):
                os.close(each.fd)
        self._rest.clear()
        self._kept, self._until = 0, 0.0

    # -----------------------------------------------------------------------------------------

    def _send(self, view: memoryview) -> int:
        try:
            return self.send(view, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return 0

    def _advance(self, sent: int) -> None:
        self._kept -= sent
        self._until += sent / SLOWEST
        first = self._rest[0]
        assert isinstance(first, memoryview)  # noqa: S101
        if sent < len(first):
            self._rest[0] = first[sent:]
        else:
            self._rest.popleft()
