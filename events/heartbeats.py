"""Signs of life of the loops that answer no requests: each says so while it makes progress.

Where that is written, the composition root knows (plg_site.alive); who looks asks nobody, and needs to know
nothing of what the loop does. That something else is away stops no loop, and so no heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable


def _to_nobody(name: str) -> None:
    pass


_beat: Callable[[str], None] = _to_nobody
_end: Callable[[str], None] = _to_nobody


def register(*, beat: Callable[[str], None], end: Callable[[str], None]) -> None:
    """Who writes it down. They raise nothing, and cost nothing when they are called often."""
    global _beat, _end
    _beat, _end = beat, end


def beat(name: str) -> None:
    """The loop of this name has come round, or one step further."""
    _beat(name)


def end(name: str) -> None:
    """It ends because it was told to: nobody need look for it."""
    _end(name)
