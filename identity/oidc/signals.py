"""What the provider asks the layers above."""

from django.dispatch import Signal

# Somebody signed in is about to be sent back to a client. A receiver raises NotForThem where this
# client is not for them. kwargs: client (allauth's Client), user (User).
authorization_requested = Signal()


class NotForThem(Exception):
    """This person may not sign in at this client."""
