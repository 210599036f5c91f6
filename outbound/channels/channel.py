"""What a channel is: a way by which something reaches somebody, and its rules."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import QuerySet

from outbound.letter import Letter
from outbound.models import Message
from outbound.outcomes import Outcome


class Unknown(enum.StrEnum):
    """What becomes of a message when the channel was called and nobody knows what came of it."""

    STAYS = "stays"  # it is not sent again: whoever gets it would see it twice
    AGAIN = "again"  # it is sent again under the same id, by which the other side drops repeats


class Patience(Protocol):
    """How often, and how long, something is tried."""

    def pause(self, attempts: int, *, is_code: bool) -> float | None:
        """Seconds before the next attempt, after so many (from 1). None: no more."""

    @property
    def gives_up_after(self) -> timedelta:
        """From the first attempt on."""


@dataclass(frozen=True)
class Doubling:
    """Seconds: `first`, then twice as many each time, at most `longest`; somebody waits for a code."""

    first: float = 15
    longest: float = 3600
    longest_of_codes: float = 30
    gives_up_after: timedelta = timedelta(hours=48)

    def pause(self, attempts: int, *, is_code: bool) -> float | None:
        longest = self.longest_of_codes if is_code else self.longest
        return min(self.first * 2 ** min(attempts - 1, 20), longest)


@dataclass(frozen=True)
class Schedule:
    """These pauses, in seconds, one after the other."""

    pauses: Sequence[float]
    gives_up_after: timedelta

    def pause(self, attempts: int, *, is_code: bool) -> float | None:
        return self.pauses[attempts - 1] if attempts <= len(self.pauses) else None


@dataclass(frozen=True)
class Counted:
    """How much is let through: rates like "60/d" (`events.limits`), and by kind of topic so many a
    day of whoever gets it."""

    per_recipient: str
    per_workspace: str
    per_sender: str
    a_day: Mapping[str, int]


class Way(Protocol):
    """A channel at work, with connections of its own; used by one thread."""

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        """Hand it over, once. Never raises for what the other side does."""

    def close(self) -> None:
        """Let go of connections; the next `deliver` makes new ones."""


@dataclass(frozen=True)
class Channel:
    """`name` is stored with each message; `label` is for people ("mail").

    `normal` gives an address in its one form, "" for what is none. `is_proved`: whether who gets it
    has shown that the address is theirs. `counted`: read anew each time; None: nothing is counted.

    `lanes`: so many messages are in hand at once, in threads of their own, so that a slow other side
    holds up no other channel; 0: one after the other, by the thread that looks what is due. `narrowed`
    leaves out of what is due what must not leave just now. `settled` is told what came of each attempt,
    in the transaction that writes it down.
    """

    name: str
    label: str
    new: Callable[[], Way]
    normal: Callable[[str], str]
    unknown: Unknown
    is_proved: Callable[[Message], bool]
    counted: Callable[[], Counted] | None
    patience: Patience = Doubling()
    rings: bool = True  # so quiet hours hold
    lanes: int = 0
    narrowed: Callable[[QuerySet[Message], datetime], QuerySet[Message]] | None = None
    settled: Callable[[Message, Outcome], None] | None = None
    asks_consent: bool = True  # a person gets it, who may say no to what is optional
    comes_unasked: bool = True  # without a yes, where the topic does; some channels need one
