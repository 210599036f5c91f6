"""Who may call: Stripe's bearer and basic authentication, and the Stripe-Account header."""

import base64
import binascii

from stripe_simulator.errors import AuthenticationError

_TEST_KEYS = ("sk_test_", "rk_test_")


def authenticate(headers: dict[str, str], *, api_key: str | None, account_id: str) -> None:
    """Raise AuthenticationError unless the key may be used here.

    `api_key` accepts only that key; None accepts any test key, and never a live one.
    """
    key = _credentials(headers.get("authorization", ""))
    if not key:
        raise AuthenticationError(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details."
        )
    accepted = key == api_key if api_key else key.startswith(_TEST_KEYS)
    if not accepted:
        hidden = key[:8] + "*" * max(len(key) - 12, 0) + key[-4:]
        raise AuthenticationError(f"Invalid API Key provided: {hidden}")
    account = headers.get("stripe-account")
    if account and account != account_id:
        raise AuthenticationError(
            f"The provided key '{key[:8]}***' does not have access to account '{account}' "
            "(or that account does not exist). Application access may have been revoked.",
            code="account_invalid",
            status=403,
        )


def _credentials(header: str) -> str:
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
