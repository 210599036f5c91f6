"""allauth's hooks: who we are, whom a token speaks of, and with which keys it is signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from uuid import UUID

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.internal.oauthlib.utils import get_validator_context
from allauth.idp.oidc.internal.private_keys import filter_keys
from allauth.idp.oidc.models import Client, PrivateKey
from django.conf import settings
from oauthlib.oauth2.rfc6749 import errors

from identity.models import Person, User
from identity.oidc import grants, keys
from identity.persons import person_of


class OIDCAdapter(DefaultOIDCAdapter):
    def get_issuer(self) -> str:
        """The site, whatever host the request came to."""
        return settings.SITE_URL

    def get_user_sub(self, client: Client, user: Any) -> str:
        """The person's id: what the event log, the tables of workspaces and the CRM know."""
        return str(person_of(user).pk)

    def get_user_by_sub(self, client: Client, sub: str) -> User | None:
        """None for a text that is no person's id, a person without sign-in, or a closed account."""
        try:
            person = Person.objects.select_related("user").filter(pk=UUID(sub)).first()
        except ValueError:
            return None
        user = person.user if person else None
        return user if user and user.is_active else None

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],
        user: Any,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """An address only when it is proved: whoever reads it takes the person for its owner. And
        nothing for a token whose sign-in is over, however it was sent: here is the token that was found.
        """
        token = get_validator_context().access_token
        if purpose == "userinfo" and not (token and grants.speaks(token)):
            raise errors.InvalidTokenError
        claims = super().get_claims(purpose, user, client, scopes, email=email, **kwargs)
        if not claims.get("email_verified"):
            claims.pop("email", None)
            claims.pop("email_verified", None)
        return claims

    def populate_id_token(
        self, id_token: dict[str, Any], client: Client, scopes: Iterable[str], **kwargs: Any
    ) -> None:
        """`auth_time` (Core 2), the same when it is refreshed (12.2), and `sid` (Front-Channel
        Logout 1.0): when, and in which sign-in of the site, the person proved who they are."""
        if grant := grants.of_this_answer():
            id_token["sid"] = grant.sid
            id_token["auth_time"] = int(grant.signed_in_at.timestamp())

    def list_private_keys(
        self,
        *,
        did_activate: Literal[True] | None = None,
        is_active: Literal[True] | None = None,
    ) -> list[PrivateKey]:
        return filter_keys(keys.usable(), did_activate=did_activate, is_active=is_active)
