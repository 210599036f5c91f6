"""From a process to the store's door: the stream, and what keeps events while it does not take them."""

from events.transport.attending import attend as attend_spool
from events.transport.attending import leave as leave_spool
from events.transport.intake import accept
from events.transport.reader import GROUP as CONSUMERS
from events.transport.stream import get_transport

__all__ = [
    "CONSUMERS",
    "accept",
    "attend_spool",
    "get_transport",
    "leave_spool",
]
