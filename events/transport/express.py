"""One connection to Redis over which the threads of a process send together.

Whoever comes while a call is under way waits for its end, and then one of those who wait sends for
all of them. Under load this makes calls rare and large; a single thread never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import hiredis
import redis

from events.choice import Said
from events.errors import TransportUnavailable
from events.redis.redis_script import Value


class Line:
    """A connection of its own, outside the client's pool and its bookkeeping for each command.

    Like the pool's connections it repeats a call once when the server closed the connection, and
    never after a time-out. For one thread at a time.
    """

    def __init__(self, client: redis.Redis) -> None:
        pool = client.connection_pool
        # Not pool.make_connection(): that takes one of the pool's hundred, and never gives it back.
        self._connection = pool.connection_class(**pool.connection_kwargs)

    def call(self, *command: Value) -> object:
        """What the server answers. Raises redis errors and OSError."""
        packed = [hiredis.pack_command(command)]  # type: ignore[arg-type]  # its stub takes one word
        try:
            return self._once(packed)
        except redis.TimeoutError:
            raise
        except redis.ConnectionError:
            return self._once(packed)

    def _once(self, packed: object) -> object:
        self._connection.send_packed_command(packed, check_health=False)
        return self._connection.read_response()


class _Parcel:
    __slots__ = ("error", "gate", "is_sent", "lines")

    def __init__(self, lines: Sequence[Said]) -> None:
        self.lines = lines
        self.is_sent = False
        self.error: BaseException | None = None
        self.gate = threading.Lock()
        self.gate.acquire()


class Together:
    """Calls `send` with the lines of all threads that wait; each thread gets the call's outcome."""

    def __init__(self, send: Callable[[list[Said]], None], *, most: int = 1_000) -> None:
        self._send = send
        self._most = most  # parcels in one call
        self._lock = threading.Lock()
        self._waiting: list[_Parcel] = []
        self._is_busy = False

    def send(self, lines: Sequence[Said]) -> None:
        """Return once the lines are sent. Raises what `send` raised."""
        parcel = _Parcel(lines)
        with self._lock:
            self._waiting.append(parcel)
            first, self._is_busy = not self._is_busy, True
        if not first:
            parcel.gate.acquire()  # until it is sent, or it is our turn to send
        if not parcel.is_sent:
            self._send_all(parcel)
        if parcel.error is not None:
            raise parcel.error

    def _send_all(self, own: _Parcel) -> None:
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        error: BaseException | None = None
        try:
            self._send([line for parcel in group for line in parcel.lines])
        except BaseException as raised:
            error = raised
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_busy = following is not None
        if error is not None and not isinstance(error, Exception):  # only our thread is to end
            own.error, error = error, TransportUnavailable("The sending thread was ended.")
        for parcel in group:
            parcel.error, parcel.is_sent = parcel.error or error, True
            parcel.gate.release()
        if following is not None:
            following.gate.release()
