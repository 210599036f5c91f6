"""Signing in with a password: it is compared with those of a few accounts, however many sign-ups have
the address."""

from __future__ import annotations

from allauth.account.auth_backends import AuthenticationBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from identity.models import User
from identity.proofs import claims


class PasswordBackend(AuthenticationBackend):
    """The first of the settings. allauth's own stands behind it for the sessions that name it, and is
    not asked for a password: it compares with all of them."""

    def authenticate(self, request: HttpRequest | None, **credentials: object) -> User:
        """Raises PermissionDenied, by which Django asks no other."""
        found = super().authenticate(request, **credentials)
        if found is None:
            raise PermissionDenied
        return found

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        for user in claims.with_password(email):
            if self._check_password(user, password):
                return user
        return None
