"""What dj-stripe asks for when it brings its mirror of Stripe's objects up to date."""

from __future__ import annotations

from djstripe.models import Customer


def configure() -> None:
    """Ask for a customer as it is, without its sources, which are nothing to us.

    Of one that was deleted Stripe shows a stub, which has none: asking for them would be refused each
    time, and with it whatever is said about the customer or what belonged to it.
    """
    Customer.expand_fields = []
