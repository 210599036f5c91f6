"""Whether the form of a sign-up, sent once more, goes on with the sign-in that the first click began.

Whoever has signed up knows all that was in the form, and may not be the owner of the address. So the form
opens no more than that sign-in still does: for some minutes, while it goes on, and while nothing has
ended since (`identity.signing_in.credentials`, "sign out everywhere", another password).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from identity import signing_in
from identity.models import User
from tenants.models import SignupAttempt

WITHIN = timedelta(
    minutes=5
)  # a form that is clicked twice, or sent again after a broken connection


def goes_on(attempt: SignupAttempt, *, password: str, now: datetime | None = None) -> bool:
    """Whether this click is still part of the same sign-up."""
    user, now = attempt.user, now or timezone.now()
    if user is None or attempt.created_at + WITHIN <= now or user.sign_in_generation:
        return False
    return _is_as_it_was(user, password) and any(
        each.began_at < attempt.created_at + WITHIN for each in signing_in.sign_ins_of(user)
    )


def _is_as_it_was(user: User, password: str) -> bool:
    if not user.has_usable_password():
        return not password
    return user.check_password(password)
