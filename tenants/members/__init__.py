"""Who belongs to a workspace: invited, let in by a door, promoted, gone."""

from tenants.members.membership import SeatRefused, add_member
from tenants.members.room import TooManyWorkspaces, thrown_away
from tenants.members.seat_offers import SeatOffer

__all__ = [
    "SeatOffer",
    "SeatRefused",
    "TooManyWorkspaces",
    "add_member",
    "thrown_away",
]
