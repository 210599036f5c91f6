"""What Wagtail's user administration asks and tells the layers above: a user is more than an editor."""

from collections.abc import Sequence

from django.dispatch import Signal

# An administrator is about to delete or de-activate these people, all of them at once. Receivers
# return in words why not, or "". kwargs: users.
user_removal_asked = Signal()

# Somebody can no longer sign in. kwargs: user.
user_deactivated = Signal()


def refusal(users: Sequence[object]) -> str:
    """In words why these users cannot be deleted or de-activated; "" when nobody objects.

    One question for all: of two owners each could go, and both cannot.
    """
    answers = user_removal_asked.send(sender=None, users=users)
    return " ".join(words for _, words in answers if words)
