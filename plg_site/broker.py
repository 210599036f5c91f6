"""Celery's Redis transport, without what ends a worker that had tasks in hand when Redis went away.

A task that is done after its channel was closed is acknowledged on that channel. Kombu 5.7 then makes
a new pool for it, from a connection that is gone, and fails with an AttributeError, which Celery takes
for a fault of the worker and exits (kombu #582 is an old case of it). A ConnectionError is what it
expects: the task is not acknowledged, and comes again.
"""

from __future__ import annotations

from typing import Any

from kombu.exceptions import OperationalError
from kombu.transport import redis
from redis.exceptions import ConnectionError, OutOfMemoryError, ReadOnlyError


class Channel(redis.Channel):
    """A channel that says that it is closed."""

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
