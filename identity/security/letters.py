"""Mails about the safety of somebody's account. Nobody can say no to these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_added, email_changed, email_removed
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.dispatch import receiver
from django.template.loader import render_to_string

from identity import mail
from identity.models import User


def tell(
    to: Iterable[str], *, subject: str, lines: Sequence[str], has_account: bool = True
) -> None:
    """Mail some sentences to each of these addresses, with the way to the account's security."""
    context = {
        "subject": subject,
        "lines": lines,
        "site_url": settings.SITE_URL,
        "url": f"{settings.SITE_URL}/account/security/" if has_account else "",
    }
    for address in dict.fromkeys(to):
        message = EmailMultiAlternatives(
            subject, render_to_string("identity/email/note.txt", context), to=[address]
        )
        message.attach_alternative(
            render_to_string("identity/email/note.html", context), "text/html"
        )
        mail.deliver(message)


def proved_addresses(user: User) -> list[str]:
    """Where this person surely reads: every address that they have proved, the main one first."""
    rows = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    return list(rows.values_list("email", flat=True))


def say_goodbye(to: Iterable[str]) -> None:
    """The account is closed."""
    tell(
        to,
        subject="Your account is closed",
        lines=[
            "Your account is closed. You are signed out everywhere, your seats and API keys have "
            "ended, and your name and addresses are removed.",
            "If this was not you, answer this mail at once.",
        ],
        has_account=False,
    )


def wrong_codes(user: User) -> None:
    """Somebody tries codes, and has got past the password, or has an open session."""
    tell(
        proved_addresses(user),
        subject="Wrong codes for your account",
        lines=[
            "Somebody has typed several wrong codes to get into your account today. Who is asked for "
            "one knows your password, or sits at a browser where you are signed in.",
            "If that was you, there is nothing to do. If not, change your password and sign out "
            "everywhere; a passkey lets you in at any time.",
        ],
    )


@receiver(email_added)
def an_address_was_added(user: User, email_address: EmailAddress, **_: Any) -> None:
    """To those that were there; the new one gets the mail that proves it."""
    others = [each for each in proved_addresses(user) if each != email_address.email]
    tell(
        others,
        subject="An address was added to your account",
        lines=[f"{email_address.email} was added. It counts once its owner has confirmed it."],
    )


@receiver(email_changed)
def the_main_address_changed(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **_: Any
) -> None:
    """To the new one and all others; allauth writes to the old one."""
    old = from_email_address.email if from_email_address else ""
    tell(
        [each for each in proved_addresses(user) if each != old],
        subject="Your address was changed",
        lines=[
            f"Your main address is {to_email_address.email} now"
            + (f", instead of {old}." if old else ".")
        ],
    )


@receiver(email_removed)
def an_address_was_removed(user: User, email_address: EmailAddress, **_: Any) -> None:
    """To the one that was removed, if it was theirs; allauth writes to the main one."""
    if email_address.verified:
        tell(
            [email_address.email],
            subject="Your address was removed from an account",
            lines=[f"{email_address.email} no longer belongs to the account of {user}."],
        )
