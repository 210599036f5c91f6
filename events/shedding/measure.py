"""What is left out, and from which level on. Apps register theirs in `ready`; staff see the list.

Never sign-in, codes, invitations, decisions about quotas, clicks, billing, or an event that is counted.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass
from typing import cast

from events import conf
from events.redis import UNAVAILABLE, Keys, quick
from events.shedding import rounds, standing

PAGE_VIEWS = "page_views"


@dataclass(frozen=True)
class Measure:
    """`words` say to staff what happens; `retry_after` (s) is what somebody is told who gets nothing
    now."""

    key: str
    level: int
    words: str
    retry_after: int = 60

    def __post_init__(self) -> None:
        if not 1 <= self.level <= standing.HIGHEST:
            raise ValueError(f"{self.key}: a level is 1 to {standing.HIGHEST}.")


_registered: dict[str, Measure] = {}
_lock = threading.Lock()
_untold: Counter[str] = Counter()


def register(*measures: Measure) -> None:
    """Know these; one of the same key is replaced."""
    for measure in measures:
        _registered[measure.key] = measure
    rounds.every_second(tell_counts)


def measures() -> list[Measure]:
    """All, the first to be taken first."""
    return sorted(_registered.values(), key=lambda each: (each.level, each.key))


def is_shed(key: str) -> bool:
    """Whether this is left out now. One that nobody registered raises KeyError."""
    return standing.level() >= _registered[key].level


def is_time(key: str, *, every: int) -> bool:
    """Whether what is done seldom is due: so many seconds after the last time that this said so, in
    whatever process. Without Redis it always is."""
    name = f"{Keys(conf.stream()).shed}:{key}"
    try:
        return bool(quick(conf.redis_url()).set(name, "1", nx=True, ex=every))
    except UNAVAILABLE:
        return True


def retry_after(key: str) -> int:
    """Seconds, for who has to come again."""
    return _registered[key].retry_after


def count(key: str, amount: int = 1) -> None:
    """So much was left out by this measure."""
    with _lock:
        _untold[key] += amount


def tell_counts() -> None:
    """Pass on what this process has counted; without Redis it is kept."""
    with _lock:
        taken = dict(_untold)
        _untold.clear()
    if not taken:
        return
    pipeline = quick(conf.redis_url()).pipeline(transaction=True)
    for key, amount in taken.items():
        pipeline.hincrby(Keys(conf.stream()).shed, key, amount)
    try:
        pipeline.execute()
    except UNAVAILABLE:
        with _lock:
            _untold.update(taken)


def counts() -> dict[str, int]:
    """What all processes have left out since the first day, by measure; {} while Redis is away."""
    try:
        found = quick(conf.redis_url()).hgetall(Keys(conf.stream()).shed)
    except UNAVAILABLE:
        return {}
    return {key.decode(): int(amount) for key, amount in cast(dict[bytes, bytes], found).items()}


def _after_fork() -> None:
    """The parent tells of its own."""
    global _lock
    _lock = threading.Lock()
    _untold.clear()


os.register_at_fork(after_in_child=_after_fork)
