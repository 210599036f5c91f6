"""The counters of the hot path: one atomic check-and-add in Redis, one round trip a decision.

A counter is a shortcut, never the truth: where it is missing it is filled from the rollup, and an
hour after its last use it is dropped, so that a count which drifted (a crash between the decision
and the recording) heals itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import redis
import structlog
from django.conf import settings

from events.circuit import Circuit
from events.redis_client import UNAVAILABLE, quick
from metering.catalogue import Limit

log = structlog.get_logger()

LIMITS_SECONDS = 30
COUNTER_SECONDS = 60 * 60


class CountersUnavailable(ConnectionError):
    """Redis does not answer."""


@dataclass(frozen=True)
class Taken:
    """What the script decided: whether `used` (after it) includes the amount asked for."""

    allowed: bool
    used: int
    limit: Limit


Missing = Literal["limits", "counter"]

# KEYS: limits, counter. ARGV: meter, amount, seconds to keep the counter.
_TAKE = """
local limit = redis.call('HGET', KEYS[1], ARGV[1])
if not limit then return {'limits'} end
local used = tonumber(redis.call('GET', KEYS[2]))
if not used then return {'counter'} end
local amount = tonumber(ARGV[2])
local value, hard = string.match(limit, '^(%d*):([01])$')
if amount > 0 and hard == '1' and value ~= '' and used + amount > tonumber(value) then
  return {'refused', used, limit}
end
used = redis.call('INCRBY', KEYS[2], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {'taken', used, limit}
"""

# KEYS: counter. ARGV: amount. Without a counter there is nothing to give back to.
_GIVE_BACK = """
local used = tonumber(redis.call('GET', KEYS[1]))
if used then redis.call('DECRBY', KEYS[1], math.min(tonumber(ARGV[1]), math.max(used, 0))) end
"""

# KEYS: limits. ARGV: seconds to keep, then meter and limit in turn. Never overwrites.
_FILL_LIMITS = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


def take(schema: str, meter: str, period: str, *, amount: int) -> Taken | Missing:
    """Add `amount` if the limit allows it; or say what must be filled in first.

    Raises CountersUnavailable.
    """
    keys = [_limits_key(schema), _counter_key(schema, meter, period)]
    answer: Any = _run(_TAKE, keys, [meter, amount, COUNTER_SECONDS])
    verdict = answer[0].decode()
    if verdict in ("limits", "counter"):
        return verdict
    return Taken(verdict == "taken", int(answer[1]), _parse(answer[2].decode()))


def give_back(schema: str, meter: str, period: str, *, amount: int) -> None:
    """Take `amount` off the counter, where there is one. Raises CountersUnavailable."""
    _run(_GIVE_BACK, [_counter_key(schema, meter, period)], [amount])


def seed(schema: str, meter: str, period: str, *, used: int) -> None:
    """Start a missing counter; one that exists is left alone. Raises CountersUnavailable."""
    key = _counter_key(schema, meter, period)
    _call(lambda client: client.set(key, used, nx=True, ex=COUNTER_SECONDS))


def fill_limits(schema: str, limits: Mapping[str, Limit]) -> None:
    """Keep these limits for LIMITS_SECONDS, unless some are kept. Raises CountersUnavailable."""
    parts = [part for key, limit in limits.items() for part in (key, _format(limit))]
    _run(_FILL_LIMITS, [_limits_key(schema)], [LIMITS_SECONDS, *parts])


def forget_limits(schema: str) -> None:
    """Let the next decision read the rows. Without Redis, there is nothing to forget."""
    with suppress(CountersUnavailable):
        _call(lambda client: client.delete(_limits_key(schema)))


def remember_limits(schema: str, limits: Mapping[str, Limit]) -> None:
    """Keep these limits in place of older ones. Without Redis, older ones end by themselves."""
    key = _limits_key(schema)

    def replace(client: redis.Redis) -> None:
        pipeline = client.pipeline(transaction=True)
        pipeline.delete(key)
        pipeline.hset(key, mapping={meter: _format(limit) for meter, limit in limits.items()})
        pipeline.expire(key, LIMITS_SECONDS)
        pipeline.execute()

    try:
        _call(replace)
    except CountersUnavailable:
        log.warning("quota_limits_not_remembered", schema=schema)


def _run(script: str, keys: list[str], args: list[Any]) -> Any:
    return _call(lambda client: client.register_script(script)(keys=keys, args=args))


def _call(command: Any) -> Any:
    circuit = _circuit(settings.REDIS_URL)
    if circuit.is_open:
        raise CountersUnavailable("Redis did not answer a moment ago.")
    try:
        answer = command(quick(settings.REDIS_URL))
    except UNAVAILABLE as error:
        if circuit.failed():
            log.warning("quota_counters_unreachable", error=str(error))
        raise CountersUnavailable(str(error)) from error
    if circuit.succeeded():
        log.info("quota_counters_back")
    return answer


@cache
def _circuit(url: str) -> Circuit:
    return Circuit()


def _limits_key(schema: str) -> str:
    return f"{_prefix()}:{{{schema}}}:limits"


def _counter_key(schema: str, meter: str, period: str) -> str:
    return f"{_prefix()}:{{{schema}}}:{meter}:{period}"


def _prefix() -> str:
    return getattr(settings, "QUOTA_PREFIX", "quota")


def _format(limit: Limit) -> str:
    return f"{'' if limit.value is None else limit.value}:{int(limit.hard)}"


def _parse(text: str) -> Limit:
    value, hard = text.split(":")
    return Limit(int(value) if value else None, hard == "1")
