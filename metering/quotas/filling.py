"""Asking a central counter: what it misses is filled in, and what it lost is found again.

This module knows no workspace: limits come from `limits`, what the log says from `used`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from events.store import StoreUnavailable
from metering.definitions.limit import Limit
from metering.periods import Period
from metering.quotas import counters
from metering.quotas.counters import CountersUnavailable, Taken
from metering.quotas.decision import Decision
from metering.quotas.leases import Key, Leases

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Counter:
    """One counter, and where its truth is: `used` may raise StoreUnavailable."""

    key: Key
    period: Period
    limits: Callable[[], Mapping[str, Limit]]
    used: Callable[[], int]

    @property
    def names(self) -> tuple[str, str, str]:
        return (*self.key, self.period.key)


def ask(leases: Leases, counter: Counter, amount: int, *, now: float) -> Decision:
    """Take `amount` of the counter if its limit allows it (now: POSIX seconds).

    Raises CountersUnavailable, StoreUnavailable.
    """
    if leases.takes_back_alone(counter.names):
        _doubt(leases, counter)
    for _ in range(8):  # limits and counter may each be missing, and go while we fill the other
        answer = leases.take(counter.key, counter.period, amount, now=now)
        if isinstance(answer, Decision):
            return answer
        if isinstance(answer, Taken):
            if answer.check:
                _finish_check(counter, answer.check)
            return _decision(counter, amount, answer.limit, answer.used, allowed=answer.allowed)
        if answer.limit is None:
            counters.fill_limits(counter.key[0], counter.limits())
        elif not _fill(leases, counter, answer.limit):
            return _decision(counter, amount, answer.limit, amount, allowed=True)
    raise CountersUnavailable("The counter does not stay: Redis is evicting keys.")


def _doubt(leases: Leases, counter: Counter) -> None:
    try:
        counters.doubt(*counter.names, wait_ms=2 * leases.milliseconds)
    except CountersUnavailable:
        leases.allowed_alone(counter.names)
        raise


def _fill(leases: Leases, counter: Counter, limit: Limit) -> bool:
    """Make the missing counter. False when it is too early, and the limit never refuses.

    Where Redis has lost its data, others may still spend what they had leased: nothing is granted
    until those leases are over, and for as long again, so that what they allowed is recorded. The same
    where the counter is in doubt.
    """
    born, age_ms = counters.life()
    too_early_ms = 2 * leases.milliseconds - age_ms
    if too_early_ms > 0:
        if not limit.refuses:
            return False
        time.sleep(too_early_ms / 1000)
    wait_ms = counters.fill(*counter.names, used=max(0, counter.used()), born=born)
    if wait_ms:
        if not limit.refuses:
            return False
        time.sleep(wait_ms / 1000)
    return True


def _finish_check(counter: Counter, check: str) -> None:
    """Take off the counter what was allowed and never recorded, such as a dead process's leases."""
    try:
        lowered = counters.correct(*counter.names, check=check, used=counter.used())
    except (CountersUnavailable, StoreUnavailable):
        return  # the next one tries again
    if lowered:
        schema, meter = counter.key
        log.info("quota_counter_corrected", schema=schema, meter=meter, by=lowered)


def _decision(counter: Counter, amount: int, limit: Limit, used: int, *, allowed: bool) -> Decision:
    return Decision(
        meter=counter.key[1],
        limit=limit.value,
        used=used,
        allowed=allowed,
        resets_at=counter.period.end,
        asked=amount,
        own=limit.own,
        hard=limit.hard,
        since=counter.period.start,
    )
