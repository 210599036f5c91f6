"""The ledger, and the sending of what it holds."""

from outbound.delivery.again import try_again
from outbound.delivery.ledger import About, send

__all__ = [
    "About",
    "send",
    "try_again",
]
