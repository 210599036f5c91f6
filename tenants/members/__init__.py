"""Who belongs to a workspace: invited, let in by a door, promoted, gone."""

from tenants.members.membership import SeatRefused, add_member
from tenants.members.room import TooManyWorkspaces, thrown_away

__all__ = [
    "SeatRefused",
    "TooManyWorkspaces",
    "add_member",
    "thrown_away",
]
