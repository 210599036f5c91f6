"""Write keys: what a caller shows, and what of it is kept."""

from __future__ import annotations

import hashlib
import secrets

LONGEST = 200  # characters of what is looked at as a key
_HINT = 4


def made() -> str:
    """A new one: letters and digits alone, as it stands in addresses, snippets and Basic's user name."""
    return f"wk{secrets.token_hex(16)}"


def hashed(key: str) -> str:
    """What is kept of it. A key has 128 random bits, so a fast hash keeps it."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def hint(key: str) -> str:
    """Its end, by which people tell keys apart."""
    return key[-_HINT:]
