"""Gunicorn's threaded worker, which gives a thread only to a request that has arrived.

Gunicorn waits in a thread until a request is whole; a few dozen clients that never finish theirs hold
all threads. Here the main loop gathers the head, and a body as small as a form's, without a thread,
and lets go of who takes too long. A larger body is read by a thread, against a clock: a few seconds,
and on top the time that a slow line needs. Half of the threads at most do that at the same time.

    main loop:  accept -> gathering -> (a thread: handle) -> sending -> idle, until the next request
                                                                     -> lingering, where it ends

What a client does not take at once of an answer is sent by the main loop (`sending.py`): a thread waits
for nobody who reads slowly, and the next request of such a client waits until it has read.

A connection stays with the poller for all its life, and a thread that has answered tells nobody:
gunicorn's wakes the main loop for each request, and registers the connection anew. Nor does the main
loop wait for a client to close its side of a connection.

With more to do than it can, the server would answer those who have given up, and those behind them would
give up meanwhile: who has hung up before a thread was free is not answered.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from plg_site.patience import bodies, refusals, shares
from plg_site.patience.connection import ARRIVE_SECONDS, Arriving
from plg_site.patience.sending import SEND_SECONDS, SLOWEST, Limited
from plg_site.patience.threads import Threads
from plg_site.web import probes

LARGEST_HEAD = 64 * 1024
LINGER_SECONDS = 2.0  # between our end of a connection and the client's
SURELY_LEFT_AFTER = 1.0  # until then, an end of sending may be that of a client which still reads
_PIECE = 64 * 1024


_Come = tuple[socket.socket, Any, Any]  # a connection, from where, to where


def _next(listener: socket.socket) -> _Come | tuple[()] | None:
    """Whoever waits at a port; () for one who has left again, None where nobody is."""
    try:
        sock, address = listener.accept()
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
            raise
        return () if error.errno == errno.ECONNABORTED else None
    return sock, address, listener.getsockname()


class PatientWorker(ThreadWorker):
    """See above. `gathering`, `idle` and `lingering` are about in the order of their deadlines.

    A thread puts into `idle` what it has answered; all else belongs to the main loop.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.gathering: dict[Arriving, None] = {}
        self.idle: dict[Arriving, None] = {}
        self.sending: dict[Arriving, None] = {}  # in no order
        self.lingering: dict[Arriving, None] = {}
        self.reading: dict[Arriving, None] = {}  # a thread may be reading their large body
        self._stopped_at: float | None = None

    def get_thread_pool(self) -> Threads:
        Limited.waiting = threading.BoundedSemaphore(max(1, self.cfg.threads // 2))
        return Threads(self._serve, most=self.cfg.threads)

    # --- Arriving ----------------------------------------------------------------------------

    def set_accept_enabled(self, enabled: bool) -> None:
        """Who has come before the port closes is answered: what the system has accepted for us, and what
        nobody takes, is reset at our end, and a proxy cannot know whether a form of it was read."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            come: list[_Come] = []
            with contextlib.suppress(OSError):  # closed already
                # Taken first and looked at afterwards: else the queue of a busy port has no end.
                while (found := _next(listener)) is not None:
                    come += [found] if found else []
            listener.close()
            for each in come:
                self._arrive(*each)

    def accept(self, listener: socket.socket) -> bool:
        """Whether somebody was there."""
        found = _next(listener)
        if found:
            self._arrive(*found)
        return found is not None

    def _arrive(self, sock: socket.socket, address: Any, at: Any) -> None:
        self.nr_conns += 1
        conn = Arriving(self.cfg, sock, address, at)
        half = self.worker_connections // 2
        if len(self.gathering) > half:
            self._drop(next(iter(self.gathering)))
        if len(self.idle) > half:
            self._drop(list(self.idle)[0])  # noqa: RUF015  a thread may be adding one
        self._begin(conn)
        self._watch(conn)
        self._take(conn)  # most requests are there as soon as the connection is

    def _watch(self, conn: Arriving, what: int = selectors.EVENT_READ) -> None:
        callback = partial(self._on_event, conn)
        try:
            self.poller.register(conn.sock, what, callback)
        except KeyError:  # its number is that of a connection that a thread has closed
            self.poller.unregister(conn.sock.fileno())
            self.poller.register(conn.sock, what, callback)

    def _begin(self, conn: Arriving) -> None:
        conn.deadline = time.monotonic() + ARRIVE_SECONDS
        conn.is_large, conn.walked = False, 0
        self.gathering[conn] = None

    def _on_event(self, conn: Arriving, _: object) -> None:
        if conn.is_dropped:
            return
        if conn in self.sending:
            self._on_writable(conn)
        elif conn in self.lingering:
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
            if not data or len(conn.received) > LARGEST_HEAD + bodies.SMALL:
                conn.is_over, conn.has_left = True, not data
                self.poller.unregister(conn.sock)
                if self._has_hung_up(conn) and conn.claim():
                    return self._give_up(conn)
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
                self._refuse(conn, refusals.TOO_LONG)
            return
        head = bytes(conn.received[: end + 2]).lower()
        try:
            coming = bodies.look(conn.received, head=head, walked=conn.walked)
        except bodies.Unclear:
            self._refuse(conn, refusals.NO_LENGTH)
            return
        conn.walked, conn.is_large = coming.walked, coming.is_large
        if not (coming.is_whole or coming.is_large):
            return
        probed = probes.on_the_wire(head, peer=conn.client, is_stopping=not self.alive)
        if probed is not None:  # also while all threads are busy
            self._refuse(conn, probed)
            return
        if coming.is_large:
            if not shares.may_read(
                conn.client, [each.client for each in self.reading], self.cfg.threads
            ):
                self._refuse(conn, refusals.BUSY_API if b" /api/" in head[:20] else refusals.BUSY)
                return
            self.reading[conn] = None
            self.poller.unregister(conn.sock)  # the thread reads
        self.gathering.pop(conn, None)
        conn.is_busy, conn.handed_at, conn.unclaimed = True, time.monotonic(), [None]
        conn.request, conn.received = bytes(conn.received), bytearray()
        self.tpool.submit(conn)

    # --- Answering, in a thread --------------------------------------------------------------

    def handle_request(self, req: Any, conn: Arriving) -> bool:
        """A large body ends its connection: nobody knows before how much of it will be read."""
        if conn.is_large:
            req.force_close()
        return bool(super().handle_request(req, conn))

    def _serve(self, conn: Arriving) -> None:
        if not conn.claim():  # they hung up, and the main loop let go of them
            return
        if self._has_hung_up(conn):
            self.method_queue.defer(self._give_up, conn)
            return
        try:
            goes_on = self.handle(conn) is True
        except BaseException:  # the thread lives on
            self.log.exception("Error handling a connection")
            goes_on = False
        ahead = conn.parser.unreader.take_buffered() if goes_on else b""
        if not goes_on or ahead or conn.is_large or conn.sock.has_more:
            self.method_queue.defer(self._finish, conn, goes_on, ahead)
            return
        conn.deadline = time.monotonic() + self.cfg.keepalive
        self.idle[conn] = None
        conn.is_busy = False  # from here on the main loop may do anything with it
        if conn.received or conn.is_over:
            self.method_queue.defer(self._resume, conn)

    # --- Leaving -----------------------------------------------------------------------------

    def _has_hung_up(self, conn: Arriving) -> bool:
        """It has waited for a thread for so long that whoever asked is gone: nobody would read the answer."""
        return conn.has_left and time.monotonic() > conn.handed_at + SURELY_LEFT_AFTER

    def _give_up(self, conn: Arriving) -> None:
        self.tpool.hung_up += 1
        self._drop(conn)

    def _finish(self, conn: Arriving, goes_on: bool, ahead: bytes) -> None:
        """In the main loop, once a thread is done: what is more than to wait for the next."""
        conn.received[:0] = ahead  # of the next request; it may be a part of it
        conn.goes_on = goes_on
        self.reading.pop(conn, None)
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        if not conn.sock.has_more:
            self._sent(conn)
            return
        if len(self.sending) > self.worker_connections // 4:  # each may hold KEPT bytes
            self._drop(min(self.sending, key=lambda each: each.deadline))
        self._wait_to_send(conn, time.monotonic() + SEND_SECONDS)

    def _wait_to_send(self, conn: Arriving, until: float) -> None:
        conn.deadline = until
        self.sending[conn] = None
        try:
            self._watch(conn, selectors.EVENT_WRITE)
        except (OSError, ValueError):  # it was closed after an error
            self._drop(conn)

    def _on_writable(self, conn: Arriving) -> None:
        try:
            sent = conn.sock.send_more()
        except OSError:
            self._drop(conn)
            return
        # Who has stopped has SEND_SECONDS; who is slow, what a slow line needs.
        latest = time.monotonic() + SEND_SECONDS
        conn.deadline = min(conn.deadline + sent / SLOWEST, latest)
        if not conn.sock.has_more:
            self.poller.unregister(conn.sock)
            self._sent(conn)

    def _sent(self, conn: Arriving) -> None:
        """All of the answer is with the system: the connection waits for its next request, or ends."""
        conn.sock.forget()
        self.sending.pop(conn, None)
        conn.is_busy = conn.is_large = False
        try:
            self._watch(conn)
        except (OSError, ValueError):
            conn.is_over = True
        if conn.is_over or not conn.goes_on:
            self._linger(conn)
            return
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
        if conn.is_dropped:  # the poller may name one that has ended since it looked
            return
        conn.is_dropped = True
        for waiting in (self.gathering, self.idle, self.sending, self.lingering):
            waiting.pop(conn, None)
        conn.sock.forget()
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        util.close(conn.sock)

    def murder_pending(self) -> None:
        """Let go of who has had his time; of a worker that stops, soon of all who have said nothing."""
        now = time.monotonic()
        if probes.is_stopping():
            self.alive = False
        for waiting in (self.gathering, self.lingering):
            while waiting and (first := next(iter(waiting))).deadline <= now:
                self._drop(first)
        for conn in [each for each in self.sending if each.deadline <= now]:
            self._drop(conn)
        if not self.alive:
            self._stopped_at = self._stopped_at or now
        # Of a worker that stops, a request may have been on its way.
        is_over = self._stopped_at is not None and now >= self._stopped_at + LINGER_SECONDS
        for conn in [each for each in self.gathering if is_over and not each.received]:
            self._drop(conn)
        for conn in list(self.idle):  # a thread may be adding one
            if is_over or conn.deadline <= now:
                self._drop(conn)
            else:
                break
