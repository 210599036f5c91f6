"""Ways out: each takes a message and its letter, and says what came of it.

    class Channel(Protocol):
        def deliver(self, message, letter) -> Outcome: ...
        def close(self) -> None: ...

A channel never raises for what the other side does. `README.md` says for each what becomes of a
message whose outcome nobody knows.
"""

from __future__ import annotations

from typing import Protocol

from outbound.letter import Letter
from outbound.models import Message
from outbound.outcomes import Outcome


class Channel(Protocol):
    def deliver(self, message: Message, letter: Letter) -> Outcome:
        """Hand it over, once."""

    def close(self) -> None:
        """Let go of connections; the next `deliver` makes new ones."""


def all_new() -> dict[str, Channel]:
    """One of each, with connections of their own, by the name that a message carries."""
    from outbound.channels.mail import MailChannel

    return {"mail": MailChannel()}
