"""Identifiers that look like Stripe's: a prefix that names the kind, then random characters."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def token(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_id(prefix: str) -> str:
    if prefix in ("cus", "prod", "si"):
        return f"{prefix}_{token(14)}"
    if prefix == "cs_test":
        return f"cs_test_a1{token(56)}"
    if prefix == "req":
        return f"req_{token(14)}"
    return f"{prefix}_1{token(23)}"
