"""allauth's forms that ask who is signed in for a secret, with the limits that a sign-in has."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, ConfirmReauthenticationCodeForm
from allauth.core import context
from django.core.exceptions import ValidationError

from identity.attempts import sign_in_limits
from identity.security import guesses


class NewPasswordForm(ChangePasswordForm):
    def clean_oldpassword(self) -> str:
        typed: str = self.cleaned_data["oldpassword"]
        if not sign_in_limits.is_password_of(context.request, self.user, typed):
            raise get_adapter().validation_error("enter_current_password")
        return typed


class MailedCodeAgainForm(ConfirmReauthenticationCodeForm):
    """Of "is it you?"."""

    def clean_code(self) -> str:
        request = context.request
        guesses.take(request, request.user, kind=guesses.MAILED)
        try:
            code: str = super().clean_code()
        except ValidationError:
            guesses.wrong(request.user, kind=guesses.MAILED)
            raise
        guesses.right(request, request.user, kind=guesses.MAILED)
        return code
