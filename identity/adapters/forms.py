"""allauth's forms, with one form of an address and without a guess whose it is."""

from __future__ import annotations

from typing import Any

from allauth.account import app_settings, signals
from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    AddEmailForm,
    EmailAwarePasswordResetTokenGenerator,
    LoginForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    UserTokenForm,
)
from allauth.account.models import EmailAddress
from allauth.core import context
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from identity import addresses
from identity.models import User
from identity.proofs import claims, mail_limits, proving

_RESETS = 3  # mails that one request brings


class SignInForm(LoginForm):
    def clean_login(self) -> str:
        return addresses.cleaned(super().clean_login())


class AskForCodeForm(RequestLoginCodeForm):
    """Who the code is for is decided when it comes back (`pages.codes`); here it matters only whether
    there is anybody."""

    def clean_email(self) -> str:
        email = addresses.cleaned(self.cleaned_data["email"])
        self._user = next(iter(claims.candidates(email, most=1)), None)
        return email


class AddAddressForm(AddEmailForm):
    """Adding an address mails whoever has it. Who has proved nothing adds one at a time."""

    def clean_email(self) -> str:
        email = addresses.cleaned(self.cleaned_data["email"])
        mine = EmailAddress.objects.filter(user=self.user)
        if mine.filter(email=email).exists():
            raise get_adapter().validation_error("duplicate_email")
        if not EmailAddress.objects.can_add_email(self.user):
            most = app_settings.MAX_EMAIL_ADDRESSES
            raise get_adapter().validation_error("max_email_addresses", most)
        waiting = mine.filter(verified=False).exclude(email=self.user.email).first()
        if waiting is not None and not claims.has_proved(self.user):
            raise ValidationError(f"Confirm {waiting.email} first, or remove it.")
        if held := mail_limits.to_others(self.user, email):
            words = f"Too many mails went to such addresses. Try again in {held.in_words}."
            raise ValidationError(words)
        signals._add_email.send(sender=User, email=email, user=self.user)
        return email


class _TokenForAddress(EmailAwarePasswordResetTokenGenerator):
    """A reset link proves the mailbox that it was mailed to, and no other of the same user."""

    def __init__(self, email: str) -> None:
        super().__init__()
        self.email = email

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}:{self.email}"


class _TokenForAnyAddress:
    """Finds out which address a link was mailed to, and notes it as `user.reset_email`."""

    def check_token(self, user: User, key: str) -> bool:
        rows = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
        for email in {user.email, *rows}:
            if _TokenForAddress(email).check_token(user, key):
                user.reset_email = email  # type: ignore[attr-defined]
                return claims.candidate(email, user.pk) is not None
        return False


class ResetForm(ResetPasswordForm):
    """One mail for each account that the mailbox's holder may mean, a few at most; each says which it
    is. Who means another one signs in with a code, and chooses."""

    def clean_email(self) -> str:
        email = addresses.cleaned(self.cleaned_data["email"])
        self.users = claims.candidates(email, most=_RESETS)
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        token = _TokenForAddress(self.cleaned_data["email"])
        return super().save(request, **{**kwargs, "token_generator": token})


class ResetLinkForm(UserTokenForm):
    token_generator = _TokenForAnyAddress()


class NewPasswordForm(ResetPasswordKeyForm):
    """Who chooses a password by a mailed link has proved the mailbox."""

    @transaction.atomic
    def save(self) -> None:
        proving.prove(context.request, self.user, self.user.reset_email)
        super().save()
