"""From a process to the store's door: the stream, and what keeps events while it does not take them."""

from events.transport.reader import GROUP as CONSUMERS
from events.transport.stream import get_transport

__all__ = [
    "CONSUMERS",
    "get_transport",
]
