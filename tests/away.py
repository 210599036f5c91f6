"""PostgreSQL away, for whoever takes a connection from now on: the port refuses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection, connections

Answer = TypeVar("Answer")


@contextmanager
def database_away(alias: str = "default") -> Iterator[None]:
    """A connection that is in use (a test's own, with its transaction) goes on."""
    where: dict[str, Any] = connections.settings[alias]
    pools = connections[alias]._connection_pools
    port, pool = where["PORT"], pools.pop(alias, None)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and never listens
        where["PORT"], host = str(closed.getsockname()[1]), where["HOST"]
        where["HOST"] = "127.0.0.1"
        try:
            yield
        finally:
            where["PORT"], where["HOST"] = port, host
            if made := pools.pop(alias, None):
                made.close()
            if pool is not None:
                pools[alias] = pool


def by_another_thread(ask: Callable[[], Answer]) -> Answer:
    """What it returns or raises, with a database connection of its own."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(ask())
        except BaseException as error:
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    answer: Answer = found[0]
    return answer
