"""allauth's forms, with one form of an address and without a guess whose it is."""

from __future__ import annotations

from typing import Any

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

from identity import addresses, claims, mail_limits, proving
from identity.models import User


class SignInForm(LoginForm):
    def clean_login(self) -> str:
        return addresses.cleaned(super().clean_login())


class AskForCodeForm(RequestLoginCodeForm):
    """Who the code is for is decided when it comes back (`pages.codes`); here it matters only whether
    there is anybody."""

    def clean_email(self) -> str:
        self.cleaned_data["email"] = addresses.cleaned(self.cleaned_data["email"])
        email = super().clean_email()
        found = claims.candidates(email)
        self._user = found[0] if found else None
        return email


class AddAddressForm(AddEmailForm):
    def clean_email(self) -> str:
        email = super().clean_email()
        if wait := mail_limits.mailbox(email):
            words = mail_limits.in_words(wait)
            raise ValidationError(f"Too many mails went to this address. Try again in {words}.")
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
                return user in claims.candidates(email)
        return False


class ResetForm(ResetPasswordForm):
    """One mail for each account that the mailbox's holder may mean; each says which it is."""

    def clean_email(self) -> str:
        self.cleaned_data["email"] = addresses.cleaned(self.cleaned_data["email"])
        email = super().clean_email()
        self.users = claims.candidates(email)
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
