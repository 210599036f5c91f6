"""What a person may ask for: everything known of them as one archive, and to be forgotten."""

from identity.account.closing import NotYet, Obstacle, obstacles
from identity.privacy.erasing import NotErased, begin, finish, finish_all
from identity.privacy.exporting import archive

__all__ = [
    "NotErased",
    "NotYet",
    "Obstacle",
    "archive",
    "begin",
    "finish",
    "finish_all",
    "obstacles",
]
