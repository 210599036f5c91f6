"""The people who edit the website, their administration, and the letters to them."""

from cms.editing.editors import admit
from cms.editing.user_signals import user_deactivated, user_removal_asked

__all__ = [
    "admit",
    "user_deactivated",
    "user_removal_asked",
]
