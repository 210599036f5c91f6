"""The pages of one's own account, on the site."""

from identity.account.closing import Obstacle
from identity.account.confirming import confirmed as confirmed_address
from identity.account.views import own as own_page

__all__ = [
    "Obstacle",
    "confirmed_address",
    "own_page",
]
