"""The line before sign-up: who came first is let in first, so many a second.

All of it is one script of Redis, so two who ask at the same moment are one after the other. A place is
a number; who has not been seen for `PATIENCE` is passed over when their turn comes, and takes nothing
of the rate. Who is in has `STAYS` to send the form, once.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from django.conf import settings

from events import conf, limits
from events.redis import Script, quick

PATIENCE = 90  # seconds without a sign of who waits
STAYS = 15 * 60  # seconds that a turn lasts
MOST = 200_000  # who wait at once: some 40 MB
_KEPT = 24 * 3600  # seconds without anybody, after which Redis forgets the line
_AT_ONCE = 1_000  # who have left are passed over in one call

# KEYS: the line (number by number), until when each is waited for, who is in (until when), the rest.
# ARGV: now, the line's name and the number of who asks ("" and 0: none), patience, rate a second, burst,
# how long a turn lasts, most, how long the keys are kept, a name for a new line, passed over at most.
# Gives: the line's name, the number, 1 in / 0 waits / -1 full, the place.
_ASK = Script("""
local now, number = tonumber(ARGV[1]), tonumber(ARGV[3])
local name = redis.call('HGET', KEYS[4], 'name')
if not name then
  name = ARGV[10]
  redis.call('HSET', KEYS[4], 'name', name)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. now)
if ARGV[2] ~= name then number = 0 end
local is_in = number > 0 and redis.call('ZSCORE', KEYS[3], number)
local waits = number > 0 and redis.call('ZSCORE', KEYS[1], number)
if not is_in and not waits then
  if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[8]) then return {name, 0, -1, 0} end
  number = redis.call('HINCRBY', KEYS[4], 'last', 1)
  redis.call('ZADD', KEYS[1], number, number)
end
if not is_in then redis.call('HSET', KEYS[2], number, now + ARGV[4]) end

local rate, burst = tonumber(ARGV[5]), tonumber(ARGV[6])
local at = tonumber(redis.call('HGET', KEYS[4], 'at') or now)
local may = tonumber(redis.call('HGET', KEYS[4], 'may') or burst)
may = math.min(burst, may + math.max(0, now - at) * rate)
local looked = 0
while may >= 1 and looked < tonumber(ARGV[11]) do
  local first = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  if not first then break end
  local there = tonumber(redis.call('HGET', KEYS[2], first) or 0)
  redis.call('ZREM', KEYS[1], first)
  redis.call('HDEL', KEYS[2], first)
  if there >= now then
    redis.call('ZADD', KEYS[3], now + ARGV[7], first)
    may = may - 1
  end
  looked = looked + 1
end
redis.call('HSET', KEYS[4], 'at', math.max(at, now), 'may', may)
for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, ARGV[9]) end
if redis.call('ZSCORE', KEYS[3], number) then return {name, number, 1, 0} end
return {name, number, 0, redis.call('ZRANK', KEYS[1], number) + 1}
""")
# KEYS: who is in, the rest. ARGV: the line's name, the number, now.
_USE = Script(
    """
if redis.call('HGET', KEYS[2], 'name') ~= ARGV[1] then return 0 end
local ends = redis.call('ZSCORE', KEYS[1], ARGV[2])
if not ends or tonumber(ends) < tonumber(ARGV[3]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[2])
""",
    when_full=True,
)
_GIVE_BACK = Script(
    """
if redis.call('HGET', KEYS[2], 'name') ~= ARGV[1] then return 0 end
return redis.call('ZADD', KEYS[1], ARGV[3], ARGV[2])
""",
    when_full=True,
)


class Turn(enum.IntEnum):
    """What becomes of who asks. Of a full line: it takes nobody more."""

    FULL = -1
    WAITS = 0
    IN = 1


@dataclass(frozen=True)
class Place:
    """Somebody's in the line of this name; `ahead` is 1 for who is next (0: not waiting)."""

    line: str
    number: int
    turn: Turn
    ahead: int = 0

    @property
    def seconds(self) -> int:
        """About how long it takes from now."""
        rate = limits.parse(settings.SIGNUPS_FROM_WAITING_ROOM)
        return math.ceil(self.ahead * rate.seconds / rate.calls)


def ask(line: str = "", number: int = 0, *, now: float) -> Place:
    """Where this one is, or a new place at the end; `now` in seconds since 1970. Raises redis errors."""
    rate = limits.parse(settings.SIGNUPS_FROM_WAITING_ROOM)
    a_second = rate.calls / rate.seconds
    arguments: list[str | int | float] = [
        now, line, number, PATIENCE, a_second, max(1.0, a_second), STAYS, MOST, _KEPT,
        uuid4().hex, _AT_ONCE,
    ]  # fmt: skip
    name, got, turn, ahead = cast(Any, _ASK.run(quick(conf.redis_url()), _keys(), arguments))
    return Place(name.decode(), got, Turn(turn), ahead)


def use(line: str, number: int, *, now: float) -> bool:
    """Take the turn of who is in: True for one of those who ask, and no more. Raises redis errors."""
    return bool(_USE.run(quick(conf.redis_url()), _keys()[2:], [line, number, now]))


def give_back(line: str, number: int, *, now: float) -> None:
    """The form came back: they are in, as before. Raises redis errors."""
    _GIVE_BACK.run(quick(conf.redis_url()), _keys()[2:], [line, number, now + STAYS])


def _keys() -> list[str]:
    prefix = f"{{{settings.QUOTA_PREFIX}-line}}"
    return [f"{prefix}:{part}" for part in ("waits", "until", "in", "rest")]
