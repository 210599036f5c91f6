"""A process that writes to a spool sees to it that the spool becomes empty again.

Once something waits on its disk, a thread of it tries the stream each second until nothing does;
without an outage there is no thread. At its end it passes on what still waits: to the stream, or else
to where any consumer finds it (left.py), for its disk may end with its machine. `consume_events` on the
same disk may deliver a file as well: who has a file holds its lock.
"""

from __future__ import annotations

import os
import threading
import time

import structlog

from events.errors import TransportUnavailable
from events.transport import left
from events.transport.spool import get_spool
from events.transport.stream import get_transport

log = structlog.get_logger()
_AGAIN = 1.0  # seconds between two tries
_AT_ONCE = 500  # events in one call
LAST_WORDS = 20.0  # seconds that a process takes for this at its end, of the 30 that it is given


class Attendant:
    """Of one process. Threads may call it."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """As in a process that was just forked: lock and thread of before were the parent's."""
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._attends = False

    def attend(self) -> None:
        """From now on; also what a process before this one has left on the disk."""
        with self._lock:
            self._attends = True
        self.wake()

    def wake(self) -> None:
        """Something may wait on the disk."""
        with self._lock:
            if not self._attends or self._thread or not get_spool().files():
                return
            self._thread = threading.Thread(target=self._run, name="events-spool", daemon=True)
            self._thread.start()

    def leave(self, *, seconds: float = LAST_WORDS) -> int:
        """The process ends: pass on all that waits, for as long as this; returns how many events.

        What nobody takes stays on the disk, for the next process there.
        """
        with self._lock:
            self._attends, thread = False, self._thread
        self._stop.set()
        until = time.monotonic() + seconds
        if thread:
            thread.join(seconds / 2)
        moved = 0
        try:
            while time.monotonic() < until and (some := self._pass_on(last=True)):
                moved += some
        except OSError as error:
            log.error("events_spool_stays", bytes=get_spool().size(), error=str(error))
        if moved:
            log.info("events_spool_passed_on", events=moved)
        return moved

    def _run(self) -> None:
        moved = 0
        while not self._stop.is_set():
            with self._lock:  # what is written after this look wakes another thread
                if not get_spool().files():
                    self._thread = None
                    break
            try:
                some = self._pass_on()
            except (TransportUnavailable, OSError):
                some = 0
            moved += some
            if not some:
                self._stop.wait(_AGAIN)
        if moved:
            log.info("events_spool_delivered", events=moved, to="stream")

    def _pass_on(self, *, last: bool = False) -> int:
        """One file; returns how many events it had. Raises TransportUnavailable, OSError."""
        with get_spool().claimed() as path:
            if path is None:
                return 0
            lines = left.split(path.read_bytes())
            sent = 0
            try:
                for sent in range(0, len(lines), _AT_ONCE):
                    get_transport().send(lines[sent : sent + _AT_ONCE])
            except TransportUnavailable:
                if not last:
                    raise
                left.leave(lines[sent:])
            return len(lines)


_attendant = Attendant()
os.register_at_fork(after_in_child=_attendant.begin)
attend, wake, leave = _attendant.attend, _attendant.wake, _attendant.leave
