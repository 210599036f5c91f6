"""Who listens to what in this process: one subscription to Redis, any number of listeners."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress

import redis
import structlog
from redis.asyncio import Redis  # in front of what is inside: see plg_site.unneeded.Late
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

log = structlog.get_logger()
_PAUSE = 0.5  # seconds before Redis is tried again
_QUIET = 5.0  # seconds without a message, after which Redis is asked whether it is there
_OWN = "live:nobody-speaks-here"  # a connection without a channel could not wait for messages


class TooMany(Exception):
    """No more listeners: the process, or the workspace, has as many as it may."""


class Deaf(Exception):
    """Redis does not answer, so nothing would be heard."""


class Listener:
    """One open page. Changes that come before it looked again are one change."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.over = False  # the page shall go and ask by itself

    def tell(self) -> None:
        self.changed.set()

    def end(self) -> None:
        self.over = True
        self.changed.set()


class Hub:
    """Listeners by channel. A channel is subscribed to while somebody listens to it."""

    def __init__(self, url: str, *, most: int, most_a_channel: int) -> None:
        # No silent repeat: after a lost connection, listeners must be told that they missed something.
        self._redis = Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=_QUIET, retry=Retry(NoBackoff(), 0)
        )
        self._most = most
        self._most_a_channel = most_a_channel
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)
        self._pubsub: PubSub | None = None
        self._closing = False

    def __len__(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    @property
    def hears(self) -> bool:
        """Whether the subscription stands."""
        return self._pubsub is not None and not self._closing

    async def join(self, channel: str) -> Listener:
        """Listen from now on. Raises TooMany, Deaf. Call `leave` when done."""
        if len(self) >= self._most:
            raise TooMany("This process has no room for another listener.")
        if len(self._listeners.get(channel, ())) >= self._most_a_channel:
            raise TooMany("Too many open pages listen to this.")
        if not self.hears:
            raise Deaf
        listener = Listener()
        self._listeners[channel].add(listener)  # before the round trip: the bound counts it
        try:
            if len(self._listeners[channel]) == 1:
                await self._subscribe(channel)
        except BaseException:
            await self.leave(channel, listener)
            raise
        return listener

    async def last_said(self, key: str) -> float:
        """The Unix time that stands there, 0.0 for none. Raises Deaf."""
        try:
            return float(await self._redis.get(key) or 0)
        except (redis.RedisError, OSError) as error:
            raise Deaf from error

    async def leave(self, channel: str, listener: Listener) -> None:
        """Listen no longer."""
        self._listeners[channel].discard(listener)
        if self._listeners[channel]:
            return
        del self._listeners[channel]
        if self._pubsub is not None:
            with suppress(redis.RedisError, OSError):
                await self._pubsub.unsubscribe(channel)

    async def run(self) -> None:
        """Keep the subscription up until cancelled."""
        was_deaf = False
        while not self._closing:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                if not was_deaf:
                    log.warning("live_deaf", error=str(error), listeners=len(self))
                was_deaf = True
            self._pubsub = None
            self._end_all()  # they ask by themselves, and come back
            await asyncio.sleep(_PAUSE)

    def close(self) -> None:
        """End all listeners; nobody can join any more."""
        self._closing = True
        self._end_all()

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(_OWN)
            self._pubsub, asked = pubsub, False
            log.info("live_hears")
            while True:
                message = await pubsub.get_message(timeout=_QUIET)
                if message is None and asked:
                    raise redis.TimeoutError("Redis has not answered a ping.")
                asked = message is None
                if message is None:
                    await pubsub.ping()
                elif message["type"] == "message":
                    for listener in self._listeners.get(message["channel"].decode(), ()):
                        listener.tell()

    async def _subscribe(self, channel: str) -> None:
        if self._pubsub is None:
            raise Deaf
        try:
            await self._pubsub.subscribe(channel)
        except (redis.RedisError, OSError) as error:
            raise Deaf from error

    def _end_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()
