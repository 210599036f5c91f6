"""Our OpenID Connect provider: one sign-in for the site, workspaces on domains of their own, and the
company's other properties. The protocol is allauth's (`allauth.idp.oidc`); here is what we decide."""

from identity.oidc.clients import end_sessions as end_client_sessions
from identity.oidc.clients import own_secret as client_secret
from identity.oidc.clients import retire as retire_client
from identity.oidc.clients import save as save_client
from identity.oidc.grants import end_site_session
from identity.oidc.grants import ends_at as grant_ends_at
from identity.oidc.redeeming import NotRedeemed, SignIn, redeem
from identity.oidc.signals import NotForThem, authorization_requested

__all__ = [
    "NotForThem",
    "NotRedeemed",
    "SignIn",
    "authorization_requested",
    "client_secret",
    "end_client_sessions",
    "end_site_session",
    "grant_ends_at",
    "redeem",
    "retire_client",
    "save_client",
]
