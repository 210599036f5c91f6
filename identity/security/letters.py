"""Mails about the safety of somebody's account. Nobody can say no to these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_added, email_changed, email_removed
from django.conf import settings
from django.dispatch import receiver

from identity import mail
from identity.models import User


def tell(to: Iterable[str], name: str, **values: str) -> None:
    """Mail the letter of this name to each of these addresses, with the way to the account's security."""
    url = f"{settings.SITE_URL}/account/security/"
    for address in dict.fromkeys(to):
        mail.deliver(f"identity.{name}", {"security_url": url, **values}, to=address)


def proved_addresses(user: User) -> list[str]:
    """Where this person surely reads: every address that they have proved, the main one first."""
    rows = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    return list(rows.values_list("email", flat=True))


def say_goodbye(to: Iterable[str]) -> None:
    """The account is closed."""
    tell(to, "account_closed")


def wrong_codes(user: User) -> None:
    """Somebody tries codes, and has got past the password, or has an open session."""
    tell(proved_addresses(user), "wrong_codes")


@receiver(email_added)
def an_address_was_added(user: User, email_address: EmailAddress, **_: Any) -> None:
    """To those that were there; the new one gets the mail that proves it."""
    others = [each for each in proved_addresses(user) if each != email_address.email]
    tell(others, "address_added", new=email_address.email)


@receiver(email_changed)
def the_main_address_changed(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **_: Any
) -> None:
    """To the new one and all others; allauth writes to the old one."""
    old = from_email_address.email if from_email_address else ""
    others = [each for each in proved_addresses(user) if each != old]
    tell(others, "main_address_changed", new=to_email_address.email, old=old)


@receiver(email_removed)
def an_address_was_removed(user: User, email_address: EmailAddress, **_: Any) -> None:
    """To the one that was removed, if it was theirs; allauth writes to the main one."""
    if email_address.verified:
        removed = email_address.email
        tell([removed], "address_removed", old=removed, person=str(user))
