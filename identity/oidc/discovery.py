"""OpenID Connect Discovery 1.0: what there is, and nothing that there is not."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc import app_settings
from django.conf import settings
from django.urls import reverse

from identity.oidc.clients import SCOPES

CLAIMS = (
    *("aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"),
    *("email", "email_verified", "family_name", "given_name", "name"),
)


def document() -> dict[str, Any]:
    """The provider's metadata. All addresses are the site's, whatever host was asked."""
    here = settings.SITE_URL
    methods = [method for method in app_settings.AUTH_METHODS if method != "none"]
    return {
        "issuer": here,
        "authorization_endpoint": here + reverse("idp:oidc:authorization"),
        "token_endpoint": here + reverse("idp:oidc:token"),
        "userinfo_endpoint": here + reverse("idp:oidc:userinfo"),
        "revocation_endpoint": here + reverse("idp:oidc:revoke"),
        "end_session_endpoint": here + reverse("idp:oidc:logout"),
        "jwks_uri": here + reverse("idp:oidc:jwks"),
        "scopes_supported": list(SCOPES),
        "claims_supported": list(CLAIMS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "prompt_values_supported": ["none", "login"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # what is not said counts as true here
    }
