"""What a subscription costs, worked out by hand from Stripe's documentation, without the simulator's rules.

Stripe, "Prorations": a change credits the unused part of what was billed and charges the rest of the
period at the new price, by the second, each line rounded to a cent by itself. "Billing mode" (flexible):
the credit is a part of the line that was billed. "Billing cycle": a period ends on the anchor's day, or
on the last day of a month that has no such day; another interval begins a new anchor.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from math import floor


def boundary(anchor: int, months: int) -> int:
    """The anchor, so many months later, in seconds since 1970."""
    at = datetime.fromtimestamp(anchor, UTC)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, monthrange(year, month + 1)[1])
    return int(at.replace(year=year, month=month + 1, day=day).timestamp())


def part(amount: int, at: int, start: int, end: int) -> int:
    """Half up, as money is rounded."""
    return floor(Fraction(amount * (end - at), end - start) + Fraction(1, 2))


@dataclass
class Books:
    """`total` is all that was ever asked for, in minor units; `amount` what a period costs now."""

    anchor: int
    amount: int
    months: int  # of a period
    total: int = 0
    count: int = 0  # periods since the anchor
    ends: bool = False  # with the period
    is_over: bool = False

    def __post_init__(self) -> None:
        self.total += self.amount
        self.billed = (self.amount, self.start)

    @property
    def start(self) -> int:
        return boundary(self.anchor, self.count * self.months)

    @property
    def end(self) -> int:
        return boundary(self.anchor, (self.count + 1) * self.months)

    def wait(self, until: int) -> None:
        """Let periods end and begin."""
        while not self.is_over and self.end <= until:
            if self.ends:
                self.is_over = True
                return
            self.count += 1
            self.total += self.amount
            self.billed = (self.amount, self.start)

    def change(self, amount: int, months: int, at: int) -> None:
        """Another price or quantity, from now on."""
        paid, since = self.billed
        self.total -= part(paid, at, since, self.end)
        self.ends = False
        if months != self.months:
            self.anchor, self.count, self.months = at, 0, months
            self.total += amount
            self.billed = (amount, at)
        else:
            rest = part(amount, at, self.start, self.end)
            self.total += rest
            self.billed = (rest, at)
        self.amount = amount
