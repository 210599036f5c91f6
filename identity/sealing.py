"""Secrets that the database holds but cannot read: sealed with a key made from SECRET_KEY."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class NotOpened(Exception):
    """It was sealed with another SECRET_KEY, or is no sealed text at all."""


def seal(text: str, *, about: str) -> str:
    """The text, sealed. `about` names the kind of secret: another kind does not open it."""
    return _box(about).encrypt(text.encode()).decode()


def open_sealed(sealed: str, *, about: str) -> str:
    """What was sealed, also under a key in SECRET_KEY_FALLBACKS. Raises NotOpened."""
    try:
        return _box(about).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise NotOpened(about) from error


def _box(about: str) -> MultiFernet:
    secrets = (str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS))
    return _made(secrets, about)


@lru_cache(maxsize=50)  # some kinds of secrets, each with a key that is derived
def _made(secrets: tuple[str, ...], about: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(secret, about)) for secret in secrets])


def _derived(secret: str, about: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=about.encode())
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
