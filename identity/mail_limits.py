"""How often a mail that asks for a proof goes out: for each sign-up, and for each mailbox.

allauth counts by address alone, so a second sign-up with an address would lose its own mail to the first.
"""

from __future__ import annotations

import hashlib
import math

from allauth.account.models import EmailAddress

from events import limits

_OF_ONE_SIGN_UP = limits.Rate(1, 3 * 60)
_TO_ONE_MAILBOX = "20/h"


def take(address: EmailAddress) -> int:
    """0 if a mail may go out, and it counts; else in how many seconds the next one may."""
    own = limits.take(_OF_ONE_SIGN_UP, f"proof-mail:{address.pk}")
    return _seconds(own) if own.over else mailbox(address.email)


def mailbox(email: str) -> int:
    """The same for the mailbox alone."""
    taken = limits.take(
        _TO_ONE_MAILBOX, f"proof-mails-to:{hashlib.sha256(email.encode()).hexdigest()}"
    )
    return _seconds(taken) if taken.over else 0


def in_words(seconds: int) -> str:
    """Like "2 minutes"; never less than one."""
    minutes = max(1, math.ceil(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _seconds(taken: limits.Taken) -> int:
    return max(1, math.ceil(taken.retry_after))
