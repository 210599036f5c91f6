"""What each process says of itself, such as how busy its threads are, gathered in Redis.

Once a second a process writes its number; what is older than `GOOD_FOR` counts no more. The clock is
that of Redis, so those of the machines need not agree.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from statistics import fmean
from typing import Any, cast

from events import conf
from events.redis import UNAVAILABLE, Keys, Script, quick
from events.shedding import rounds

GOOD_FOR = 10.0  # seconds

# KEYS: the gauge. ARGV: the process, its number, how long it is good for. What is old goes away here, so
# that the hash has no more in it than processes that live.
_SAY = Script(
    """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], 60)
local field
for i, said in ipairs(redis.call('HGETALL', KEYS[1])) do
  if i % 2 == 1 then field = said
  elseif tonumber(string.match(said, '^%S+')) < now - ARGV[3] then redis.call('HDEL', KEYS[1], field) end
end
""",
    when_full=True,
)
_ASK = Script(
    """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local values = {}
for _, said in ipairs(redis.call('HVALS', KEYS[1])) do
  local at, value = string.match(said, '^(%S+) (%S+)$')
  if tonumber(at) >= now - ARGV[1] then values[#values + 1] = value end
end
return values
""",
    when_full=True,
)
_own: dict[str, Callable[[], float | None]] = {}


def gauge(name: str, read: Callable[[], float | None]) -> None:
    """Say this number of this process once a second, as long as it is known."""
    _own[name] = read
    rounds.every_second(say)


def say() -> None:
    """Write what is known; without Redis nothing is."""
    for name, read in _own.items():
        value = read()
        if value is None:
            continue
        try:
            _SAY.run(quick(conf.redis_url()), [_key(name)], [_process(), value, GOOD_FOR])
        except UNAVAILABLE:
            return


def read_gauge(name: str) -> float | None:
    """The mean of all processes that have said it lately; None where none has, or Redis is away."""
    try:
        found = _ASK.run(quick(conf.redis_url()), [_key(name)], [GOOD_FOR])
    except UNAVAILABLE:
        return None
    values = [float(each) for each in cast(list[Any], found)]
    return fmean(values) if values else None


def _key(name: str) -> str:
    return Keys(conf.stream()).gauge(name)


def _process() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"
