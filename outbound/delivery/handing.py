"""What lies below hands its letters over: identity its codes and notes, the website its failures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from outbound import letters
from outbound.delivery import ledger
from outbound.letters import Draft

Values = Mapping[str, str | list[str]]


def of_identity(name: str, values: Values, *, to: str, good_for: timedelta | None) -> None:
    """An `identity.mail.Sender`."""
    expires_at = timezone.now() + good_for if good_for else None
    ledger.send(_draft(name, values), to=to, expires_at=expires_at)


def of_website(name: str, values: Values, *, to: str) -> None:
    """For the slot "letter" of `cms`."""
    ledger.send(_draft(name, values), to=to)


def _draft(name: str, values: Values) -> Draft:
    """Of what they know, that which the letter has a variable for."""
    known = letters.get(name).variables
    return Draft(name, {key: value for key, value in values.items() if key in known})
