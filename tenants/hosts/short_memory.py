"""What a process may remember for a moment without asking anybody whether it still holds."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ShortMemory(Generic[Key, Value]):
    """At most `most` answers, each for at most `seconds`; the oldest go first. Threads may share it.

    What changes elsewhere is seen `seconds` later. None is no answer. For `stale` seconds more an answer
    may be used where nobody can be asked (RFC 5861 calls it stale-if-error).
    """

    def __init__(self, *, seconds: float, most: int, stale: float = 0.0) -> None:
        self._seconds = seconds
        self._stale = stale
        self._most = most
        self._kept: dict[Key, tuple[float, Value]] = {}  # in the order of their ends

    def get(self, key: Key) -> Value | None:
        """The answer that is remembered, if any."""
        return self._good(key, time.monotonic())

    def of_late(self, key: Key) -> Value | None:
        """The answer of before, for who could ask nobody."""
        return self._good(key, time.monotonic() - self._stale)

    def _good(self, key: Key, at: float) -> Value | None:
        found = self._kept.get(key)
        if found is None or found[0] <= at:
            return None
        return found[1]

    def keep(self, key: Key, value: Value) -> None:
        """Remember it from now on."""
        self._kept.pop(key, None)
        while len(self._kept) >= self._most:
            try:
                self._kept.pop(next(iter(self._kept)), None)
            except (StopIteration, RuntimeError):  # another thread was faster
                break
        self._kept[key] = (time.monotonic() + self._seconds, value)

    def forget(self, key: Key) -> None:
        """Ask again the next time."""
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
