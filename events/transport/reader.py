"""The reading end of the stream: a consumer group, so that any number of processes share the work.

Entries are deleted once they are stored: the store is the log that others read, the stream is only
the way there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

import redis

from events.redis.keys import Keys
from events.redis.redis_script import Script

GROUP = "store"
AT_ONCE = 500  # entries in one command: Redis answers nobody else while it runs, some 10 ms
DEAD_MOST = 100_000
PARKED_MOST = 100_000  # some 70 MB
_FORGET_AFTER_MS = 60 * 60 * 1000  # a consumer that died that long ago, with nothing in hand

Entry = tuple[bytes, bytes]  # the stream's id, the parcel of encoded events
Dead = tuple[bytes, str]  # the bytes that could not be stored, the reason

# KEYS: stream, waiting. ARGV: group, how many events each entry has, the entries' ids.
_FINISH = Script(
    """
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 3))
local gone = redis.call('XDEL', KEYS[1], unpack(ARGV, 3))
local waiting = redis.call('DECRBY', KEYS[2], gone * ARGV[2])
if waiting < 0 or redis.call('XLEN', KEYS[1]) == 0 then redis.call('SET', KEYS[2], 0) end
""",
    when_full=True,
)


class DeadLettersFull(ConnectionError):
    """There is no more room for what can never be stored: see `manage.py dead_letters`."""


class StreamReader:
    """One consumer of the group. All methods raise redis errors when Redis does not answer."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        keys: Keys,
        name: str,
        dead_most: int = DEAD_MOST,
        parked_most: int = PARKED_MOST,
    ) -> None:
        """`dead_most`: so many dead letters may wait; nothing is read for which there is no room.
        `parked_most`: so many events may be parked."""
        self._parked_most = parked_most
        self._dead_most = dead_most
        self.client = self._redis = client
        # Entries as the server sends them: redis-py would make a dict of each, at twice the cost.
        self._plain = redis.Redis(connection_pool=client.connection_pool)
        self._plain.set_response_callback("XREADGROUP", lambda answer, **_: answer)
        self._keys = keys
        self.name = name

    def read(self, *, most: int, wait_ms: int) -> list[Entry]:
        """New entries, up to `most`; waits `wait_ms` for the first one (0: not at all)."""
        answer = self._in_group(
            lambda: self._plain.xreadgroup(
                GROUP,
                self.name,
                {self._keys.stream: ">"},
                count=most,
                block=wait_ms or None,
            )
        )
        if not answer:
            return []
        [entries] = answer.values() if isinstance(answer, dict) else [answer[0][1]]
        return [(entry_id, _line(fields)) for entry_id, fields in entries]

    def take_over(self, *, most: int, idle_ms: int) -> list[Entry]:
        """Entries that another consumer was given `idle_ms` ago and has not finished."""
        answer = self._in_group(
            lambda: self._redis.xautoclaim(
                self._keys.stream, GROUP, self.name, min_idle_time=idle_ms, count=most
            )
        )
        return _entries(answer[1])

    def finish(self, ids: Mapping[bytes, int]) -> None:
        """These entries, each of so many events, are stored: acknowledge and delete them."""
        by_size: dict[int, list[bytes]] = {}
        for entry_id, size in ids.items():
            by_size.setdefault(size, []).append(entry_id)
        keys = (self._keys.stream, self._keys.waiting)
        for size, alike in by_size.items():
            for start in range(0, len(alike), AT_ONCE):
                some = alike[start : start + AT_ONCE]
                _FINISH.run(self._redis, keys, (GROUP, size, *some))

    def bury(self, dead: Collection[Dead]) -> None:
        """Put what can never be stored aside, each with its reason, and count it.

        Raises DeadLettersFull: none is ever dropped but by somebody who decides to.
        """
        if self._redis.xlen(self._keys.dead) + len(dead) > self._dead_most:
            raise DeadLettersFull(f"{self._dead_most} dead letters wait for a decision.")
        pipeline = self._redis.pipeline(transaction=True)
        for line, reason in dead:
            fields = {"e": line, "reason": reason}
            pipeline.xadd(self._keys.dead, cast(Any, fields))
            pipeline.hincrby(self._keys.refused, "dead_letter", 1)
        pipeline.execute()

    def park(self, lines: Sequence[bytes]) -> int:
        """Keep what cannot be stored yet; returns how many of the first there was room for."""
        room = max(0, self._parked_most - self._redis.xlen(self._keys.parked))
        if fitting := lines[:room]:
            pipeline = self._redis.pipeline(transaction=True)
            for line in fitting:
                pipeline.xadd(self._keys.parked, cast(Any, {"e": line}))
            pipeline.execute()
        return len(fitting)

    def parked(self, *, most: int) -> list[Entry]:
        """The oldest that are parked."""
        return _entries(cast(Any, self._redis.xrange(self._keys.parked, count=most)))

    def unpark(self, ids: Collection[bytes]) -> None:
        """These are stored now."""
        self._redis.xdel(self._keys.parked, *ids)

    def leave(self) -> None:
        """Say goodbye, if nothing is in our hands."""
        if not self._pending_of(self.name):
            self._redis.xgroup_delconsumer(self._keys.stream, GROUP, self.name)

    def forget_the_dead(self) -> None:
        """Remove the names of consumers that died long ago; their entries were taken over."""
        for consumer in self._consumers():
            if consumer["pending"] == 0 and consumer["idle"] > _FORGET_AFTER_MS:
                self._redis.xgroup_delconsumer(self._keys.stream, GROUP, consumer["name"])

    def _consumers(self) -> list[dict[str, Any]]:
        return self._in_group(lambda: self._redis.xinfo_consumers(self._keys.stream, GROUP))

    def _pending_of(self, name: str) -> int:
        return sum(c["pending"] for c in self._consumers() if c["name"] == name.encode())

    def _in_group(self, call: Any) -> Any:
        """Call; make the group first where it is missing, from the stream's beginning on."""
        try:
            return call()
        except redis.ResponseError as error:
            if not str(error).startswith(("NOGROUP", "ERR no such key", "no such key")):
                raise
        self._make_group()
        return call()

    def _make_group(self) -> None:
        try:
            self._redis.xgroup_create(self._keys.stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # another consumer was faster
                raise


def _line(fields: Sequence[bytes]) -> bytes:
    """The parcel of an entry: field, value, field, value..."""
    if len(fields) == 2 and fields[0] == b"e":
        return fields[1]
    return dict(zip(fields[::2], fields[1::2], strict=True)).get(b"e", b"")


def _entries(found: Iterable[tuple[bytes, dict[bytes, bytes] | None]]) -> list[Entry]:
    # An entry that was deleted while somebody held it comes without fields.
    return [(entry_id, fields.get(b"e", b"")) for entry_id, fields in found if fields is not None]
