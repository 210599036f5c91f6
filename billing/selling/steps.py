"""A change at Stripe that can be said before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`words` say what `do` does, as a line of what was done."""

    words: str
    do: Callable[[], object]
