"""Whether a message may leave now: gates in their order, with reasons, and what they count."""

from outbound.gating.gates import Asked, Verdict, register, skip
from outbound.gating.strangers import TooMany as TooManyToStrangers
from outbound.gating.strangers import require as require_room_for_stranger

__all__ = [
    "Asked",
    "TooManyToStrangers",
    "Verdict",
    "register",
    "require_room_for_stranger",
    "skip",
]
