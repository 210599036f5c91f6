"""Celery's Redis transport, with tasks on leases, and without what ends a worker that had tasks in hand
when Redis went away.

A task that is done after its channel was closed is acknowledged on that channel. Kombu 5.7 then makes
a new pool for it, from a connection that is gone, and fails with an AttributeError, which Celery takes
for a fault of the worker and exits (kombu #582 is an old case of it). A ConnectionError is what it
expects: the task is not acknowledged, and comes again.

A task in hand belongs to its worker for `visibility_timeout`; kombu gives it to another one afterwards,
whether the first one is dead or only slow. Here a living worker says again and again that it has it:
then the time may be short (what a killed worker had runs again within it), and no task is so long that
it is run twice.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import suppress
from typing import Any

from kombu.exceptions import OperationalError
from kombu.transport import redis
from redis.exceptions import ConnectionError, OutOfMemoryError, ReadOnlyError, RedisError

from plg_site import alive


class LeasedQoS(redis.QoS):
    """Tasks in hand, which this process says it has for as long as it lives."""

    def append(self, message: Any, delivery_tag: str) -> None:
        super().append(message, delivery_tag)
        _keeper.look_after(self)

    def renew(self) -> None:
        """Once for each in hand; one that was done meanwhile is not written again (XX)."""
        if tags := list(self._delivered):
            with self.channel.conn_or_acquire() as client:
                client.zadd(self.unacked_index_key, dict.fromkeys(tags, time.time()), xx=True)


class _Keeper:
    """A thread that renews what the channels of this process have in hand, while there is any."""

    def __init__(self) -> None:
        self._held: weakref.WeakSet[LeasedQoS] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def look_after(self, held: LeasedQoS) -> None:
        with self._lock:
            self._held.add(held)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._renew_again_and_again, name="task-leases", daemon=True
                )
                self._thread.start()

    def _renew_again_and_again(self) -> None:
        while True:
            with self._lock:
                held = list(self._held)
            every = min((each.visibility_timeout for each in held), default=30) / RENEWED
            del held  # else a closed channel stays for ever
            time.sleep(every)
            for each in list(self._held):
                # Redis is away, or the channel was closed: its tasks come again, as they should.
                with suppress(RedisError, OSError, RuntimeError, AttributeError):
                    each.renew()


_keeper = _Keeper()
RENEWED = 4  # times in the life of a lease


def _forget_after_fork() -> None:
    """The worker's child has nothing in hand; its parent has."""
    global _keeper
    _keeper = _Keeper()


os.register_at_fork(after_in_child=_forget_after_fork)


class Channel(redis.Channel):
    """A channel that says that it is closed."""

    QoS = LeasedQoS

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("The channel was closed when the connection was lost.")
        return super()._connparams(asynchronous=asynchronous)

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        """A full Redis is like one that is away to who enqueues; kombu lets its own error through."""
        try:
            super()._put(queue, message, **kwargs)
        except (OutOfMemoryError, ReadOnlyError) as error:
            raise OperationalError(str(error)) from error


class Transport(redis.Transport):
    """For CELERY_BROKER_TRANSPORT."""

    Channel = Channel

    def establish_connection(self) -> Any:
        if _worker == os.getpid():
            alive.beat("worker")
        return super().establish_connection()


_worker = 0  # the process; those of its pool send tasks, too


def attempts_are_heartbeats() -> None:
    """In a worker: while Redis is away, all that it does is to try to connect."""
    global _worker
    _worker = os.getpid()
