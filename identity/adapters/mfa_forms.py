"""allauth's forms for second factors, with what we ask beside and what the demo says."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.core.exceptions import ValidationError

from identity.models import User
from identity.security import demo_factor, guesses

log = structlog.get_logger()
MOST_PASSKEYS = 20


def _require_proved(user: User) -> None:
    """Only who has proved the main address: or a stranger who signed up with it would keep its owner
    out for good."""
    if not user.has_verified_email:
        raise get_adapter().validation_error("unverified_email")


class TOTPForm(ActivateTOTPForm):
    def clean_code(self) -> str:
        _require_proved(self.user)
        return super().clean_code()


class PasskeyForm(AddWebAuthnForm):
    def clean(self) -> dict[str, Any]:
        _require_proved(self.user)
        passkeys = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
        if passkeys.count() >= MOST_PASSKEYS:
            raise get_adapter().validation_error("too_many_passkeys")
        return super().clean()


class _TellsTheDemosCode:
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        user = self.user  # type: ignore[attr-defined]
        if not self.is_bound and demo_factor.is_of(user):  # type: ignore[attr-defined]
            log.info("second_factor", to=user.email, code=demo_factor.next_code(user))


class _Counted:
    """A try counts before it is looked at, and wrong ones are told (`guesses`)."""

    user: User

    def clean_code(self) -> str:
        request = context.request
        guesses.take(request, self.user, kind=guesses.SECOND_FACTOR)
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            guesses.wrong(self.user, kind=guesses.SECOND_FACTOR)
            raise
        guesses.right(request, self.user, kind=guesses.SECOND_FACTOR)
        return code


class CodeForm(_Counted, _TellsTheDemosCode, AuthenticateForm):
    """Of the sign-in."""


class CodeAgainForm(_Counted, _TellsTheDemosCode, ReauthenticateForm):
    """Of "is it you?"."""
