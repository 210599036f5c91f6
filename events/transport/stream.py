"""The writing end of the stream: Redis, one round trip for any number of events.

The stream is bounded without loss: a script adds all events of a call or none, so a reader that
stands still fills the stream, then the spool, and then callers are told. (XADD's own MAXLEN would
drop the oldest unread events instead.)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache

import redis
import structlog

from events import conf, refusals
from events.choice import Said
from events.errors import TransportUnavailable
from events.redis.circuit import Circuit
from events.redis.keys import Keys
from events.redis.redis_client import UNAVAILABLE, quick
from events.redis.redis_script import Script, Value
from events.transport import parcels
from events.transport.express import Line, Together

log = structlog.get_logger()

# KEYS: stream, refusals, waiting, three of each choice (its key, the other one, its group's). ARGV:
# bound, how many events, how many (reason, count) pairs, the pairs, the choices (how long keys are
# kept, in ms, the most of the group, the event of who is first, and of who is not), the parcels.
# Choices go into parcels, too: MOST and BYTES of parcels.py.
_ADD = Script("""
local pairs_end = 3 + 2 * tonumber(ARGV[3])
for i = 4, pairs_end, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
local entries = redis.call('XLEN', KEYS[1])
local waiting = entries > 0 and math.max(entries, redis.call('GET', KEYS[3]) or 0) or 0
if waiting + ARGV[2] > tonumber(ARGV[1]) then return 0 end
local at, lines, size = pairs_end + 1, {}, 0
local function add()
  if #lines > 0 then redis.call('XADD', KEYS[1], '*', 'e', table.concat(lines, '\\n')) end
  lines, size = {}, 0
end
for i = 4, #KEYS, 3 do
  local key, also, group, kept = KEYS[i], KEYS[i + 1], KEYS[i + 2], ARGV[at]
  local most, first = tonumber(ARGV[at + 1]), redis.call('SET', key, '1', 'NX', 'PX', kept)
  if first and also ~= key then redis.call('SET', also, '1', 'PX', kept) end
  if first and most > 0 and not redis.call('SET', group, '1', 'NX', 'PX', kept) then
    first = redis.call('INCR', group) <= most
  end
  local line = ARGV[first and at + 2 or at + 3]
  lines[#lines + 1], size, at = line, size + #line, at + 4
  if #lines == 32 or size >= 65536 then add() end
end
add()
for i = at, #ARGV do redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end
redis.call('SET', KEYS[3], waiting + ARGV[2])
return 1
""")


class Transport:
    """Adds events to the stream, and stops trying for a second when Redis does not answer."""

    def __init__(self, client: redis.Redis, *, keys: Keys, max_length: int) -> None:
        self._line = Line(client)
        self._keys = keys
        self._max_length = max_length
        self._circuit = Circuit("stream")
        self._together = Together(self._add)

    def send(self, lines: Sequence[Said]) -> None:
        """Add all encoded events, or none. Raises TransportUnavailable.

        After a time-out they may have been added nevertheless; sending them again by another way
        is safe, because the store knows an event by its id.
        """
        if self._circuit.is_open:
            raise TransportUnavailable("Redis did not answer a moment ago.")
        self._together.send(lines)

    def _add(self, lines: list[Said]) -> None:
        """Those of all threads that wait, by one of them: what is refused is refused for all."""
        counts = refusals.take_unsent()
        pairs = [part for pair in counts.items() for part in pair]
        plain = [each for each in lines if isinstance(each, bytes)]
        choices = [each for each in lines if not isinstance(each, bytes)]
        arguments: list[Value] = [self._max_length, len(lines), len(counts), *pairs]
        for each in choices:
            arguments += (each.milliseconds, each.most, each.line, each.other)
        arguments += parcels.pack(plain)
        keys = [self._keys.stream, self._keys.refused, self._keys.waiting]
        keys += [self._keys.first(key) for each in choices for key in each[:3]]
        try:
            added = self._run(_ADD, keys, arguments)
        except (*UNAVAILABLE, redis.RedisError) as error:  # it may be full, or read only
            refusals.give_back(counts)
            if self._circuit.failed():
                log.warning("events_stream_unreachable", error=str(error))
            raise TransportUnavailable(str(error)) from error
        if self._circuit.succeeded():
            log.info("events_stream_back")
        if not added:
            raise TransportUnavailable(f"The stream holds {self._max_length} unread events.")

    def _run(self, script: Script, keys: Sequence[str], arguments: Sequence[Value]) -> object:
        try:
            return self._line.call("EVALSHA", script.digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return self._line.call("EVAL", script.text, len(keys), *keys, *arguments)


def get_transport() -> Transport:
    """The transport that settings name."""
    return _transport(conf.redis_url(), conf.stream(), conf.stream_max_length())


@cache
def _transport(url: str, stream: str, max_length: int) -> Transport:
    return Transport(quick(url), keys=Keys(stream), max_length=max_length)


os.register_at_fork(after_in_child=_transport.cache_clear)  # a connection is no one else's
