"""Who gets something, as one word: a person, or an address that belongs to nobody we know."""

from __future__ import annotations

import hashlib
from uuid import UUID

from identity.addresses import of_typed


def hash_of(address: str) -> str:
    """SHA-256 of the address in its normal form, in hexadecimal digits.

    Kept where the address itself must not be: it outlives the account, and nobody reads it.
    """
    return hashlib.sha256((of_typed(address) or address).encode()).hexdigest()


def person(person_id: UUID) -> str:
    return f"person:{person_id}"


def address(text: str) -> str:
    return f"address:{hash_of(text)}"


def subject(*, person_id: UUID | None, to: str) -> str:
    """Whose consent and whose caps a message is about."""
    return person(person_id) if person_id else address(to)
