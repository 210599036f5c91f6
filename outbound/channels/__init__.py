"""Ways out: each has a name, says what an address looks like there, what is asked before something
leaves, how often it is tried, and what becomes of an unknown. `channel.py` has the words for it.

A channel is called with a message and its letter, and answers `Sent`, `NotSent` (try again),
`Refused` (never) or `Unclear`, with a reason (`outbound.outcomes`).
"""

from __future__ import annotations

from outbound.channels.channel import (
    Channel,
    Counted,
    Doubling,
    Patience,
    Schedule,
    Unknown,
    Way,
)
from outbound.channels.in_app import IN_APP
from outbound.channels.known import get, patience_of, register, registered
from outbound.channels.mail import MAIL
from outbound.channels.sms import SMS

__all__ = [
    "IN_APP",
    "MAIL",
    "SMS",
    "Channel",
    "Counted",
    "Doubling",
    "Patience",
    "Schedule",
    "Unknown",
    "Way",
    "get",
    "patience_of",
    "register",
    "registered",
]

register(MAIL, IN_APP)
