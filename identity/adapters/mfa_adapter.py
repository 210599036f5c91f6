"""allauth's hooks for second factors: whose passkeys they are, and how their secrets are kept."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings

from identity import sealing
from identity.proofs import beginnings
from identity.security import demo_factor

log = structlog.get_logger()
_ABOUT = "identity.security.second_factor"


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code does not fit. Codes change every half minute; try the next one.",
        "too_many_passkeys": "You have 20 passkeys already. Remove one first.",
        "unverified_email": "Prove your main address first, with the link that we mailed you; if it "
        "is wrong, add the right one.",
    }

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Nobody has one who has signed up with this very request: that is not asked."""
        if beginnings.just_noted(context.request, user):
            return False
        return bool(super().is_mfa_enabled(user, types))

    def _get_site_name(self) -> str:
        """The site's, whatever host was asked."""
        return settings.WAGTAIL_SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the site's domain (WebAuthn 2, 5.4.2), not to the host of a request."""
        return {"id": settings.SITE_DOMAIN, "name": self._get_site_name()}

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:
        """Before they give it one of their own."""
        already = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {already + 1}" if already else "Passkey"

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, about=_ABOUT)

    def decrypt(self, encrypted_text: str) -> str:
        """Where it cannot be opened, a secret that no code fits: the recovery codes are left, or help."""
        if encrypted_text == demo_factor.STORED_AS:
            return demo_factor.SECRET if demo_factor.is_allowed() else generate_totp_secret()
        try:
            return sealing.open_sealed(encrypted_text, about=_ABOUT)
        except sealing.NotOpened:
            log.exception("second_factor.of_another_secret_key")
            return generate_totp_secret()
