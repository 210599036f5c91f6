"""Secrets that are shown once and stored as a hash."""

from __future__ import annotations

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """256 random bits as text; at that size a plain hash cannot be guessed back."""
    return prefix + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """SHA-256 in hex, what is stored and looked up."""
    return hashlib.sha256(secret.encode()).hexdigest()
