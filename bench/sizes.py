"""How much a bench does: the size that its bars are meant for, or a tiny one so that it cannot rot."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """`scale` shrinks counts and durations; `runs` is how many times a figure is measured."""

    scale: float
    runs: int

    def of(self, full: int, *, at_least: int = 1) -> int:
        """This many at full size, fewer at a smaller one."""
        return max(at_least, int(full * self.scale))


def full(part: float = 1.0) -> Size:
    """The size that bars are meant for, or a part of it, as long as figures still mean something."""
    return Size(scale=part, runs=3)


FULL = full()
TINY = Size(scale=0.002, runs=1)
