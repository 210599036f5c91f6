"""Counts what was not taken, by reason: visible to staff, never a silent drop.

Counts are kept in the process and travel to Redis with the next events that it sends.
"""

from __future__ import annotations

import threading
from collections import Counter

_lock = threading.Lock()
_unsent: Counter[str] = Counter()
_total: Counter[str] = Counter()


def count(reason: str, amount: int = 1) -> None:
    """Note that `amount` events were refused for this reason."""
    with _lock:
        _unsent[reason] += amount
        _total[reason] += amount


def totals() -> dict[str, int]:
    """What this process has refused since it started, by reason."""
    with _lock:
        return dict(_total)


def take_unsent() -> dict[str, int]:
    """What no one has been told yet; the caller passes it on, or gives it back."""
    with _lock:
        taken = dict(_unsent)
        _unsent.clear()
    return taken


def give_back(counts: dict[str, int]) -> None:
    """Keep counts that could not be passed on."""
    with _lock:
        _unsent.update(counts)
