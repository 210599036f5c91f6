"""The central counters: one for each workspace, meter and period, in Redis.

A counter is a shortcut, never the truth: where it is missing it is filled from the log and the
rollup, and an hour after its last use it is dropped. Worker processes do not ask it for each
decision; they lease a part of what is left (leases.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings

from events.redis import UNAVAILABLE, Circuit, Script, quick
from metering.definitions.limit import Limit
from metering.quotas import counter_scripts as scripts

log = structlog.get_logger()

LIMITS_SECONDS = 30
COUNTER_SECONDS = 60 * 60
_BEGUN_SECONDS = 60  # a counter that was begun and never confirmed goes
SHARE = 16  # a lease takes at most this part of the room: the last ones go one by one


class CountersUnavailable(ConnectionError):
    """Redis does not answer."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one round trip asks for: `need` at once, and if there is room a lease of `want` more.

    `settle` names the lease that is given back, with `spent` of it used.
    """

    need: int
    want: int = 0
    lease: str = ""
    lease_ms: int = 0
    settle: str = ""
    spent: int = 0


@dataclass(frozen=True)
class Taken:
    """The answer: `used` is what is known to be used, with `need` where it was `allowed`.

    `leased` may be spent besides. `check` names a check of the counter that is to be finished.
    """

    allowed: bool
    used: int
    limit: Limit
    leased: int
    check: str


@dataclass(frozen=True)
class Missing:
    """What must be filled in first: the limits (None), or the counter that has this limit."""

    limit: Limit | None


_listeners: list[Callable[[str], None]] = []


def when_limits_change(listener: Callable[[str], None]) -> None:
    """Call this with the schema whose limits this process has changed."""
    _listeners.append(listener)


def take(schema: str, meter: str, period: str, asked: Asked) -> Taken | Missing:
    """Add to the counter what the limit allows; or say what is missing.

    Raises CountersUnavailable.
    """
    answer: Any = _run(
        scripts.TAKE,
        [_limits_key(schema), _counter_key(schema, meter, period)],
        [
            *(meter, COUNTER_SECONDS, asked.settle, asked.spent, asked.lease),
            *(asked.need, asked.want, asked.lease_ms, SHARE, recorded_within_ms()),
        ],
    )
    verdict = answer[0]
    if verdict in (b"limits", b"counter"):
        return Missing(_parse(answer[1].decode()) if verdict == b"counter" else None)
    _, used, limit, leased, check = answer
    return Taken(verdict == b"taken", used, _parse(limit.decode()), leased, check.decode())


def settle(schema: str, meter: str, period: str, spent: Sequence[tuple[str, int]]) -> None:
    """Give back what was not spent of these leases. Raises CountersUnavailable."""
    arguments = [part for pair in spent for part in pair]
    _run(scripts.SETTLE, [_counter_key(schema, meter, period)], arguments)


def give_back(schema: str, meter: str, period: str, *, amount: int) -> None:
    """Take `amount` off the counter, where there is one. Raises CountersUnavailable."""
    _run(scripts.GIVE_BACK, [_counter_key(schema, meter, period)], [amount])


def life() -> tuple[str, int]:
    """A name for the life of Redis since it started or lost its data, and its age in ms as we know it.

    Raises CountersUnavailable.
    """
    born, age = _run(scripts.LIFE, [f"{_prefix()}-life"], [])
    return born.decode(), age


def call_it_old() -> None:
    """Say that nobody can hold a lease of an earlier life. For tests, which must not wait for that."""
    born, _ = life()
    run, _ = born.split(":")
    _call(lambda client: client.set(f"{_prefix()}-life", f"{run}:1"))


def doubt(schema: str, meter: str, period: str, *, wait_ms: int) -> None:
    """Let the counter be filled anew, in `wait_ms` at the earliest: something was allowed without it.

    Raises CountersUnavailable.
    """
    _run(scripts.DOUBT, [_counter_key(schema, meter, period)], [wait_ms])


def fill(schema: str, meter: str, period: str, *, used: int, born: str) -> int:
    """Make a missing counter; returns in how many ms one may try again, 0 where there is no doubt.

    The marker of the life and the counter may be on two nodes, so that no script sees both: the
    counter counts only once it is certain that it was made in the life that `used` belongs to. When
    Redis lost its data meanwhile, it stays missing. Raises CountersUnavailable.
    """
    key = _counter_key(schema, meter, period)
    wait_ms = int(_run(scripts.BEGIN, [key], [born, used, _BEGUN_SECONDS]))
    if not wait_ms and life()[0] == born:
        _run(scripts.CONFIRM, [key], [born, COUNTER_SECONDS])
    return max(wait_ms, 0)


def correct(schema: str, meter: str, period: str, *, check: str, used: int) -> int:
    """Finish a check: lower the counter to what the log knows; returns by how much.

    Raises CountersUnavailable.
    """
    return int(_run(scripts.CORRECT, [_counter_key(schema, meter, period)], [check, used]))


def fill_limits(schema: str, limits: Mapping[str, Limit]) -> None:
    """Keep these limits for LIMITS_SECONDS, unless some are kept. Raises CountersUnavailable."""
    parts = [part for key, limit in limits.items() for part in (key, _format(limit))]
    _run(scripts.FILL_LIMITS, [_limits_key(schema)], [LIMITS_SECONDS, *parts])


def forget_limits(schema: str) -> None:
    """Let the next decision read the rows. Without Redis, there is nothing to forget."""
    with suppress(CountersUnavailable):
        _call(lambda client: client.delete(_limits_key(schema)))
    _tell(schema)


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
    _tell(schema)


def recorded_within_ms() -> int:
    """What was allowed is recorded (or given back) so soon; a check of a counter waits for it."""
    return int(getattr(settings, "QUOTA_RECORDED_WITHIN", 60) * 1000)


def _tell(schema: str) -> None:
    for listener in _listeners:
        listener(schema)


def _run(script: Script, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
    return _call(lambda client: script.run(client, keys, arguments))


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
    return Circuit("quota counters")


def _limits_key(schema: str) -> str:
    return f"{_prefix()}:{{{schema}}}:limits"


def _counter_key(schema: str, meter: str, period: str) -> str:
    return f"{_prefix()}:{{{schema}}}:{meter}:{period}"


def _prefix() -> str:
    return getattr(settings, "QUOTA_PREFIX", "quota")


def _format(limit: Limit) -> str:
    """What a decision needs of it; a price is no part of that."""
    return f"{'' if limit.value is None else limit.value}:{int(limit.hard)}:{int(limit.own)}"


def _parse(text: str) -> Limit:
    value, hard, own = text.split(":")
    return Limit(int(value) if value else None, hard == "1", own=own == "1")
