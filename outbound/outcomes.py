"""What can come of handing a message to a channel. Which one it is decides whether it is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Sent:
    """The other side has taken it; `provider_id` is its name for it there."""

    provider_id: str = ""


@dataclass(frozen=True)
class NotSent:
    """It has surely not left, and may later. `is_away`: nobody answers there, so the next would fare
    no better. `again_at` (aware): when the other side has asked for it; never earlier than its turn."""

    reason: str
    detail: str = ""
    is_away: bool = False
    again_at: datetime | None = None


@dataclass(frozen=True)
class Refused:
    """The other side will not take it, now or later."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Unclear:
    """It may have left or not: nobody can say."""

    reason: str
    detail: str = ""


Outcome = Sent | NotSent | Refused | Unclear
