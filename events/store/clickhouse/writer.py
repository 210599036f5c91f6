"""Whose turn it is to write to ClickHouse, and the batch that is being written: one hash in Redis.

There are no transactions over ClickHouse's tables, so one process writes at a time, and what it is
about to send is kept here first, with its exact boundaries. Each script below acts only for the
process that holds the turn. A turn that is not given back ends by itself after `lease` seconds;
whoever takes the next one finds the unfinished batch in it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import redis

from events.errors import StoreUnavailable
from events.redis.redis_client import UNAVAILABLE

_PATIENCE = 5.0  # seconds that a process waits for its turn, over the lease of another
_PAUSE = 0.01

_NOW = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
"""
# A server that was started since the last turn (`run` differs) may have lost its last second.
_TAKE = f"""{_NOW}
local free_at = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
if free_at > now then return {{0, free_at - now}} end
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local known = redis.call('HGET', KEYS[1], 'run') == run and 1 or 0
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])
return {{1, known, run, redis.call('HGET', KEYS[1], 'done') or '0', redis.call('HGET', KEYS[1], 'batch')}}
"""
_IF_HELD = "if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end\n"
_EXTEND = f"{_IF_HELD}{_NOW} redis.call('HSET', KEYS[1], 'until', now + ARGV[2]) "
_RENEW = f"{_EXTEND} return 1"
_PERSIST = f"{_EXTEND} redis.call('HSET', KEYS[1], 'batch', ARGV[3]) return 1"
_FINISH = f"""{_IF_HELD}
redis.call('HSET', KEYS[1], 'done', ARGV[2], 'run', ARGV[3])
return redis.call('HDEL', KEYS[1], 'batch') + 1
"""
_RELEASE = f"{_IF_HELD} redis.call('HSET', KEYS[1], 'until', 0) return 1"


class TurnLost(StoreUnavailable):
    """Another process took over; it finishes what was persisted."""


@dataclass
class Turn:
    """The right to write, until it is given back or somebody else takes it.

    `done` is the number of the last finished batch, `unfinished` the batch that a dead writer left.
    `is_sure` is False when Redis may have forgotten either: then the store must be asked.
    """

    holder: str
    is_sure: bool
    run: str
    done: int
    unfinished: bytes | None
    renew_at: float
    writer: Writer

    def persist(self, batch: bytes) -> None:
        """Keep what will be sent. Raises TurnLost, StoreUnavailable."""
        self._run(self.writer.persist, self.writer.lease_ms, batch)

    def renew(self, *, at_once: bool = False) -> None:
        """Before each insert: still ours? Raises TurnLost, StoreUnavailable."""
        if at_once or time.monotonic() >= self.renew_at:
            self._run(self.writer.renew, self.writer.lease_ms)
            self.renew_at = time.monotonic() + self.writer.lease_ms / 3000

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renewed from a thread, while one step takes longer than the lease."""
        over = threading.Event()

        def keep() -> None:
            while not over.wait(self.writer.lease_ms / 3000):
                with suppress(StoreUnavailable):  # the next step finds out
                    self._run(self.writer.renew, self.writer.lease_ms)

        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def finish(self, number: int) -> None:
        """All of this batch is stored: forget it."""
        self._run(self.writer.finish, number, self.run)
        self.done, self.unfinished, self.is_sure = number, None, True

    def _run(self, script: Any, *arguments: Any) -> None:
        try:
            held = script(keys=[self.writer.key], args=[self.holder, *arguments])
        except UNAVAILABLE as error:
            raise StoreUnavailable(f"Redis, which keeps the batch in hand: {error}") from error
        if not held:
            raise TurnLost("Another process has taken over the writing.")


class Writer:
    """Gives turns to the writers of one store. `lease` is in seconds."""

    def __init__(self, client: redis.Redis, *, key: str, lease: float) -> None:
        self.key = key
        self.lease_ms = int(lease * 1000)
        self._take = client.register_script(_TAKE)
        self._release = client.register_script(_RELEASE)
        self.renew = client.register_script(_RENEW)
        self.persist = client.register_script(_PERSIST)
        self.finish = client.register_script(_FINISH)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn, and give it back. Raises StoreUnavailable."""
        turn = self._wait()
        try:
            yield turn
        finally:
            with suppress(*UNAVAILABLE):  # else the lease runs out
                self._release(keys=[self.key], args=[turn.holder])

    def _wait(self) -> Turn:
        give_up_at = time.monotonic() + self.lease_ms / 1000 + _PATIENCE
        holder = uuid4().hex
        while True:
            try:
                answer: Any = self._take(keys=[self.key], args=[holder, self.lease_ms])
            except UNAVAILABLE as error:
                raise StoreUnavailable(f"Redis, which gives turns to writers: {error}") from error
            if answer[0]:
                _, known, run, done, unfinished = answer
                return Turn(
                    holder=holder,
                    is_sure=bool(known),
                    run=run.decode(),
                    done=int(done),
                    unfinished=unfinished,
                    renew_at=time.monotonic() + self.lease_ms / 3000,
                    writer=self,
                )
            if time.monotonic() >= give_up_at:
                raise StoreUnavailable("Other processes have been writing all the time.")
            time.sleep(_PAUSE)
