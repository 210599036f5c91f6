"""News that workspaces have new stored events, for who shows or watches their numbers.

The consumer announces the workspaces of each batch after its commit, in two ways: on a channel for
who listens at this moment (live pages), and in a set for who looks now and then (alerts). News may
be lost with Redis, the events themselves are not: a page that hears nothing asks by itself, and a
set that lost a name gets it back with the workspace's next event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import redis
import structlog

from events import conf
from events.redis.redis_client import UNAVAILABLE
from events.redis.redis_script import Script

log = structlog.get_logger()
_AT_ONCE = 1_000  # names in one call of the script: Lua takes some thousand arguments

# KEYS: the set. ARGV: the channels' prefix, then names of schemas.
_ANNOUNCE = Script(
    """
for i = 2, #ARGV do
  redis.call('SADD', KEYS[1], ARGV[i])
  redis.call('PUBLISH', ARGV[1] .. ARGV[i], '')
end
""",
    when_full=True,
)


def channel(schema: str) -> str:
    """The channel on which each change of this workspace is said; messages are empty."""
    return _prefix() + schema


def announce(client: redis.Redis, schemas: Collection[str]) -> None:
    """Say that these workspaces have new events. Where it cannot be said, nothing else fails by it:
    the events are stored."""
    names = list(schemas)
    try:
        for start in range(0, len(names), _AT_ONCE):
            part = names[start : start + _AT_ONCE]
            _ANNOUNCE.run(client, [_waiting()], [_prefix(), *part])
    except (*UNAVAILABLE, redis.RedisError) as error:
        log.warning("events_changes_not_announced", workspaces=len(names), error=str(error))


@contextmanager
def taken(client: redis.Redis) -> Iterator[set[str]]:
    """The schemas that changed since the last time; they come again if the block fails.

    Raises redis.RedisError. Two takers at once may both get a name: what they do must be safe to
    repeat.
    """
    in_hand = f"{_waiting()}:in-hand"
    pipeline = client.pipeline(transaction=True)
    pipeline.sunionstore(in_hand, [in_hand, _waiting()])
    pipeline.delete(_waiting())
    pipeline.smembers(in_hand)
    names = {name.decode() for name in pipeline.execute()[-1]}
    yield names
    if names:
        client.srem(in_hand, *names)


def _prefix() -> str:
    return f"{{{conf.stream()}}}:changed:"


def _waiting() -> str:
    return f"{{{conf.stream()}}}:changed"
