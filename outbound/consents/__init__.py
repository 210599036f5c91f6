"""Who wants what: changes that are only added to, and the link in each letter that says no."""

from outbound.consents.consent import who_want

__all__ = [
    "who_want",
]
