"""What pages may be and stand in: addresses that are the product's, the frame around them, links."""

from cms.pages.navigation import frame
from cms.pages.reserved import reserved_pages

__all__ = [
    "frame",
    "reserved_pages",
]
