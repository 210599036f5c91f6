"""psycopg's pool, with a breaker: who asks while the server is away is told so at once.

Three ways lead to "away": a connection cannot be made; one of the pool does not answer to the check
before it is given out; a new one breaks at its check. A pool whose connections are all in use is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self
from weakref import WeakMethod

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from events.postgres.away import DatabaseAway
from events.postgres.breaker import Breaker

_ANSWERS_WITHIN = 2.0  # seconds, for a check: a server that takes longer answers nobody
_RECONNECT = 1.0  # seconds; else the pool's own pauses double up to minutes


class Connection(psycopg.Connection[Any]):
    """One whose answers may be waited for no longer than `within` seconds (None: as long as it takes)."""

    within: float | None = None
    made_at = 0.0

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if self.within is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.within)
        except psycopg.errors._WaitTimeout:
            self.close()
            raise psycopg.OperationalError("The server does not answer.") from None


class Pool(ConnectionPool[Connection]):
    """`what` is its name in the log; `alive` asks a connection whether it lives, in one round trip."""

    def __init__(
        self,
        conninfo: str = "",
        *,
        what: str,
        alive: Callable[[Connection], None] = ConnectionPool.check_connection,
        **options: Any,
    ) -> None:
        self._alive = alive
        # What nobody uses any more ends its threads by itself; not if its own breaker held on to it.
        ask, tell = WeakMethod(self._ask), WeakMethod(self._tell_who_waits)
        self.breaker = breaker = Breaker(what, probe=lambda: _call(ask), opened=lambda: _call(tell))

        class Watched(Connection):
            @classmethod
            def connect(cls, conninfo: str = "", **kwargs: Any) -> Self:
                try:
                    made = super().connect(conninfo, **kwargs)
                except psycopg.OperationalError as error:
                    breaker.failed(error)
                    raise
                made.made_at = time.monotonic()
                return made

        options.setdefault("reconnect_timeout", _RECONNECT)
        super().__init__(conninfo, connection_class=Watched, **options)

    def getconn(self, timeout: float | None = None) -> Connection:
        """One that has just answered. Raises DatabaseAway, PoolTimeout."""
        began = time.monotonic()
        deadline = began + (self.timeout if timeout is None else timeout)
        while True:
            self.breaker.refuse_if_open()
            taken = super().getconn(deadline - time.monotonic())
            try:
                self._check_within(taken)
            except psycopg.Error as error:
                # Of those that died with a server that is back, one after the other comes out here.
                if taken.made_at > began or not _was_cut(error):
                    self.breaker.failed(error)
                taken.close()
                self.putconn(taken)
                if time.monotonic() >= deadline:
                    raise PoolTimeout("No connection of the pool answered.") from error
            except BaseException:
                taken.close()
                self.putconn(taken)
                raise
            else:
                return taken

    def close(self, timeout: float = 5.0) -> None:
        self.breaker.close()
        super().close(timeout)

    def _check_within(self, taken: Connection) -> None:
        taken.within = _ANSWERS_WITHIN
        try:
            self._alive(taken)
        finally:
            taken.within = None

    def _ask(self) -> None:
        """The server, by a connection of its own. Raises psycopg.Error."""
        options = {**self._resolve_kwargs(), "connect_timeout": int(_ANSWERS_WITHIN)}
        with Connection.connect(self._resolve_conninfo(), **options) as connection:
            connection.within = _ANSWERS_WITHIN
            connection.execute("SELECT 1")

    def _tell_who_waits(self) -> None:
        with self._lock:
            while self._waiting:
                self._waiting.popleft().fail(
                    DatabaseAway(f"The {self.breaker.what} database does not answer.")
                )


def _call(method: WeakMethod[Callable[[], None]]) -> None:
    if (found := method()) is not None:
        found()


def _was_cut(error: psycopg.Error) -> bool:
    """Whether the line was found cut, and not only silent."""
    return "does not answer" not in str(error)
