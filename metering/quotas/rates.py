"""How fast an API may be called: one bucket for each key, and one for each workspace.

The buckets are those of `events.limits`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from events import limits
from events.limits import Rate


@dataclass(frozen=True)
class Standing:
    """Where a bucket stands after a call: `remaining` calls now, all of them after `full_after` s."""

    name: str
    rate: Rate
    remaining: int
    full_after: float


class RateExceeded(Exception):
    """Too fast. `retry_after` is in seconds."""

    def __init__(self, standings: Sequence[Standing], *, retry_after: float) -> None:
        self.standings = standings
        self.retry_after = max(1, math.ceil(retry_after))
        exceeded = standings[-1]
        whose = {"key": "This key", "workspace": "This workspace"}[exceeded.name]
        every = {1: "second", 60: "minute", 3600: "hour", 86400: "day"}[exceeded.rate.seconds]
        seconds = "a second" if self.retry_after == 1 else f"{self.retry_after} seconds"
        super().__init__(
            f"{whose} may make {exceeded.rate.calls:,} calls a {every}. Try again in {seconds}."
        )


def count_call(*, key: str, workspace: str) -> list[Standing]:
    """Count a call of this key in this workspace. Raises RateExceeded."""
    standings: list[Standing] = []
    for name, whose, rate in (
        ("key", key, settings.API_RATE_PER_KEY),
        ("workspace", workspace, settings.API_RATE_PER_WORKSPACE),
    ):
        taken = limits.take(rate, f"{name}:{whose}")
        standings.append(Standing(name, taken.rate, taken.remaining, taken.full_after))
        if taken.over:
            raise RateExceeded(standings, retry_after=taken.retry_after)
    return standings
