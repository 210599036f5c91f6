"""A property of the company in the tests of the provider: what it asks, and what it gets."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

BACK = "https://forum.example.org/auth/callback"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
SECRET = "forum-secret"


def asked(**changes: str) -> str:
    """The address that a browser is sent to; an empty change leaves the parameter out."""
    query = {
        "client_id": "forum",
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid profile email",
        "state": "s1",
        "nonce": "n1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"/identity/o/authorize?{urlencode({k: v for k, v in query.items() if v})}"


def sent_back(response) -> dict[str, str]:
    """What came back to the property by a redirect."""
    assert response.status_code == 302, response.content
    assert response["Location"].startswith(BACK + "?"), response["Location"]
    return {k: v[0] for k, v in parse_qs(urlsplit(response["Location"]).query).items()}


def basic(secret: str = SECRET, client_id: str = "forum") -> dict[str, str]:
    said = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {said}"}


def exchange(client, code: str, *, secret: str = SECRET, client_id: str = "forum", **changes: str):
    given = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **changes,
    }
    return client.post("/identity/o/api/token", given, headers=basic(secret, client_id))


def refresh(client, token: str, *, secret: str = SECRET, client_id: str = "forum", **more: str):
    given = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return client.post("/identity/o/api/token", given, headers=basic(secret, client_id))


def user_info(client, token: str):
    return client.get("/identity/o/api/userinfo", headers={"Authorization": f"Bearer {token}"})


def claims(tokens: dict[str, str]) -> dict:
    return jwt.decode(tokens["id_token"], options={"verify_signature": False})
