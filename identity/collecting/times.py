"""Times as callers say them, and what is known of their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from events.errors import WrongTime
from events.event import AHEAD, OLDEST

_SECONDS_BELOW = (
    100_000_000_000  # a smaller number counts seconds: in ms it would be before 1973-03
)
# RudderStack's SDK says again, on a retry, when it sent the first try: so much of it is no clock's fault.
_PATIENCE = timedelta(minutes=5)
_NONE = timedelta()


def read(said: Any) -> datetime | None:
    """ISO 8601 with a zone (UTC without one), a date alone, or a number of ms (or s) since 1970, in UTC.
    None for nothing. Raises WrongTime."""
    if said is None or said == "":
        return None
    try:
        if isinstance(said, str):
            found = datetime.fromisoformat(said.strip())
            if found.tzinfo is UTC:
                return found
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        if isinstance(said, int | float) and not isinstance(said, bool):
            return datetime.fromtimestamp(said if abs(said) < _SECONDS_BELOW else said / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise WrongTime(f"“{str(said)[:60]}” is no time: send one like 2026-11-20T09:30:00.000Z.")


def skew(sent_at: Any, *, now: datetime, is_stale: bool = False) -> timedelta:
    """What is to be added to the caller's times: how far its clock was behind ours when it sent this.

    `is_stale`: `sentAt` may be that of an earlier try.
    """
    try:
        sent = read(sent_at)
    except WrongTime:
        return _NONE
    if sent is None:
        return _NONE
    behind = now - sent
    return _NONE if is_stale and _NONE < behind < _PATIENCE else behind


class Clock:
    """Ours, when a request came, and what it takes from others."""

    def __init__(self, now: datetime) -> None:
        self.now, self._oldest, self._latest = now, now - OLDEST, now + AHEAD

    def corrected(self, said: Any, *, skew: timedelta) -> datetime:
        """When it happened: received - (sentAt - timestamp), as Segment has it ("The timestamp field").

        What would lie in the future is now. Raises WrongTime for what is no time, or older than is taken.
        """
        try:
            found: datetime | None = datetime.fromisoformat(said)  # as nearly all of them are
        except (TypeError, ValueError):
            found = None
        time = found if found is not None and found.tzinfo is UTC else read(said)
        if time is None:
            return self.now
        try:
            time += skew
        except OverflowError:
            raise WrongTime(f"“{str(said)[:60]}” is not in our time.") from None
        if time > self._latest:
            return self.now
        if time < self._oldest:
            raise WrongTime(f"{time.isoformat()} is more than {OLDEST.days} days old.")
        return time
