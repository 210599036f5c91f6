"""The writing end of the stream: Redis, one round trip for any number of events.

The stream is bounded without loss: a script adds all events of a call or none, so a reader that
stands still fills the stream, then the spool, and then callers are told. (XADD's own MAXLEN would
drop the oldest unread events instead.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import redis
import structlog

from events import conf, refusals
from events.circuit import Circuit
from events.errors import TransportUnavailable
from events.redis_client import UNAVAILABLE, quick

log = structlog.get_logger()

# KEYS: stream, refusals. ARGV: bound, how many (reason, count) pairs, the pairs, the events.
_ADD = """
local pairs_end = 2 + 2 * tonumber(ARGV[2])
for i = 3, pairs_end, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
if redis.call('XLEN', KEYS[1]) + #ARGV - pairs_end > tonumber(ARGV[1]) then return 0 end
for i = pairs_end + 1, #ARGV do redis.call('XADD', KEYS[1], '*', 'e', ARGV[i]) end
return 1
"""


@dataclass(frozen=True)
class Keys:
    """The Redis keys of one installation; the braces put all on one node of a cluster."""

    stream: str

    @property
    def dead(self) -> str:
        """The stream of entries that could not be stored, each with its reason."""
        return f"{{{self.stream}}}:dead"

    @property
    def refused(self) -> str:
        """A hash: reason to how many events were refused for it."""
        return f"{{{self.stream}}}:refused"


class Transport:
    """Adds events to the stream, and stops trying for a second when Redis does not answer."""

    def __init__(self, client: redis.Redis, *, keys: Keys, max_length: int) -> None:
        self._add = client.register_script(_ADD)
        self._keys = keys
        self._max_length = max_length
        self._circuit = Circuit()

    def send(self, lines: Sequence[bytes]) -> None:
        """Add all encoded events, or none. Raises TransportUnavailable.

        After a time-out they may have been added nevertheless; sending them again by another way
        is safe, because the store knows an event by its id.
        """
        if self._circuit.is_open:
            raise TransportUnavailable("Redis did not answer a moment ago.")
        counts = refusals.take_unsent()
        pairs = [part for pair in counts.items() for part in pair]
        arguments = [self._max_length, len(counts), *pairs, *lines]
        keys = [self._keys.stream, self._keys.refused]
        try:
            added = cast(int, self._add(keys=keys, args=arguments))
        except UNAVAILABLE as error:
            refusals.give_back(counts)
            if self._circuit.failed():
                log.warning("events_stream_unreachable", error=str(error))
            raise TransportUnavailable(str(error)) from error
        if self._circuit.succeeded():
            log.info("events_stream_back")
        if not added:
            raise TransportUnavailable(f"The stream holds {self._max_length} unread events.")


def get_transport() -> Transport:
    """The transport that settings name."""
    return _transport(conf.redis_url(), conf.stream(), conf.stream_max_length())


@cache
def _transport(url: str, stream: str, max_length: int) -> Transport:
    return Transport(quick(url), keys=Keys(stream), max_length=max_length)
