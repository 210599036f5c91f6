"""How often a mail that asks for a proof goes out: for each sign-up, for each mailbox, and by whom.

allauth counts by address alone, so a second sign-up with an address would lose its own mail to the first.
Anybody can have such mails sent to anybody: so a mailbox gets a few a day, and then more only where the
browser has done a sum for it (`proof_of_work`), in a bucket that others cannot fill for nothing.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.http import HttpRequest

from events import limits
from events.limits import address_key
from identity.attempts import devices
from identity.models import User
from identity.proofs import claims

_OF_ONE_SIGN_UP = limits.Rate(1, 3 * 60)
_TO_ONE_MAILBOX, _TO_ONE_MAILBOX_FOR_A_SUM = "5/d", "20/d"
_TO_OTHERS, _TO_OTHERS_UNPROVED = "20/d", "3/d"  # by one account, to addresses that it adds
_CODES_BY_ONE_CLIENT, _CODES = "10/d", "30/d"  # to one mailbox


@dataclass(frozen=True)
class Held:
    """A mail that does not go out; the next one may in so many seconds. `mailbox`: it is not the first
    one's turn, but the mailbox has got enough; a sum lets one more through."""

    seconds: int
    mailbox: bool = False

    @property
    def in_words(self) -> str:
        """Like "2 minutes"; never less than one."""
        minutes = max(1, math.ceil(self.seconds / 60))
        if minutes > 90:
            return f"{math.ceil(minutes / 60)} hours"
        return "a minute" if minutes == 1 else f"{minutes} minutes"


def take(address: EmailAddress, *, for_a_sum: bool = False) -> Held | None:
    """None if a mail may go out, and it counts. `for_a_sum`: the browser has done one, or is signed in
    as who has proved the address."""
    own = f"proof-mail:{address.pk}"
    if (seen := limits.look(_OF_ONE_SIGN_UP, own)).over:
        return Held(_seconds(seen))
    return take_first(address, for_a_sum=for_a_sum)


def take_first(address: EmailAddress, *, for_a_sum: bool = False) -> Held | None:
    """The same for a sign-up of a moment ago, which has had no mail yet."""
    if held := mailbox(address.email, for_a_sum=for_a_sum):
        return held
    limits.take(_OF_ONE_SIGN_UP, f"proof-mail:{address.pk}")
    return None


def mailbox(email: str, *, for_a_sum: bool = False) -> Held | None:
    """The same for the mailbox alone."""
    name = hashlib.sha256(email.encode()).hexdigest()
    if for_a_sum:
        taken = limits.take(_TO_ONE_MAILBOX_FOR_A_SUM, f"proof-mails-for-sums:{name}")
    else:
        taken = limits.take(_TO_ONE_MAILBOX, f"proof-mails-to:{name}")
    return Held(_seconds(taken), mailbox=True) if taken.over else None


def to_others(user: User, email: str) -> Held | None:
    """The same for an address that this user adds: they need not be known there."""
    rate = _TO_OTHERS if claims.has_proved(user) else _TO_OTHERS_UNPROVED
    taken = limits.take(rate, f"proof-mails-by:{user.pk}")
    return Held(_seconds(taken)) if taken.over else mailbox(email)


def may_mail_code(request: HttpRequest, email: str) -> bool:
    """Whether a sign-in code may go out once more today; a device that is known has a bucket of its own.

    The last one lies in the mailbox, and asking again within its life brings back the same.
    """
    name = f"code-mails:{devices.mark(email)}"
    device = devices.of(request)
    if device and device.knows(email):
        return not limits.take(_CODES, f"{name}:device:{device.name}").over
    client = address_key(request.META)
    if client and limits.take(_CODES_BY_ONE_CLIENT, f"{name}:{client}").over:
        return False
    return not limits.take(_CODES, name).over


def _seconds(taken: limits.Taken) -> int:
    return max(1, math.ceil(taken.retry_after))
