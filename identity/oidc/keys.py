"""The keys that sign ID tokens: RSA, in the database, sealed with a key made from SECRET_KEY.

So every web process has the same ones with nothing to set up, and a copy of the database alone signs
nothing. Another SECRET_KEY opens none of them: a new one is made then, and clients fetch it.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import structlog
from allauth.idp.oidc.models import PrivateKey
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from identity.models import SigningKey

log = structlog.get_logger()
# Clients keep our keys for an hour (IDP_OIDC_JWKS_CACHE_CONTROL): a new key waits that long.
PUBLISHED_BEFORE = timedelta(hours=2)
KEPT_AFTER = timedelta(days=1)


def usable(*, now: datetime | None = None) -> list[PrivateKey]:
    """Every key that has not ended; the first one is made when there is none."""
    now = now or timezone.now()
    rows = SigningKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    found = [key for row in rows if (key := _opened(row))]
    return found or [_made(not_before=None)]


def rotate(*, now: datetime | None = None) -> None:
    """Make a key that signs from PUBLISHED_BEFORE on; those before it end a day later."""
    now = now or timezone.now()
    usable(now=now)
    ends = now + PUBLISHED_BEFORE + KEPT_AFTER
    SigningKey.objects.filter(expires_at=None).update(expires_at=ends)
    _made(not_before=now + PUBLISHED_BEFORE)


def _made(*, not_before: datetime | None) -> PrivateKey:
    secret = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = secret.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    row = SigningKey.objects.create(sealed=_box().encrypt(pem).decode(), not_before=not_before)
    return _as_key(row, pem.decode())


def _opened(row: SigningKey) -> PrivateKey | None:
    try:
        return _as_key(row, _box().decrypt(row.sealed.encode()).decode())
    except InvalidToken:
        log.error("oidc.key_of_another_secret", key=str(row.pk))
        return None


def _as_key(row: SigningKey, pem: str) -> PrivateKey:
    return PrivateKey(
        pem=pem, not_before=row.not_before, expires_at=row.expires_at, issued_at=row.created_at
    )


def _box() -> MultiFernet:
    secrets = [str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([Fernet(_derived(secret)) for secret in secrets])


def _derived(secret: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"identity.oidc.keys")
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
