"""What Wagtail's user administration asks and tells the layers above: a user is more than an editor."""

from django.dispatch import Signal

# An administrator is about to delete or de-activate somebody. Receivers return in words why not, or
# "". kwargs: user.
user_removal_asked = Signal()

# Somebody can no longer sign in. kwargs: user.
user_deactivated = Signal()


def refusal(user: object) -> str:
    """In words why this user cannot be deleted or de-activated; "" when nobody objects."""
    answers = user_removal_asked.send(sender=type(user), user=user)
    return " ".join(words for _, words in answers if words)
