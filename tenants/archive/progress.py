"""How far a worker is, for the page that waits for it. Kept in the cache: the work itself is in one
transaction, which nobody can look into."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache

from tenants.archive.export import Progress

_EVERY = 0.25  # seconds
_KEPT = 600


@dataclass(frozen=True)
class Standing:
    """What is being done, and how much of it: rows, files, days or bytes."""

    part: str
    done: int
    total: int

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 100


def teller(work_id: UUID) -> Progress:
    """Tells whoever looks at this export or import, at most four times a second."""
    told_part, told_at = "", 0.0

    def tell(part: str, done: int, total: int) -> None:
        nonlocal told_part, told_at
        now = time.monotonic()
        if part != told_part or now - told_at >= _EVERY:
            told_part, told_at = part, now
            cache.set(_key(work_id), (part, done, total), _KEPT)

    return tell


def of(work_id: UUID) -> Standing | None:
    """None before it has begun."""
    found = cache.get(_key(work_id))
    return Standing(*found) if found else None


def _key(work_id: UUID) -> str:
    return f"archive:{work_id.hex}"
