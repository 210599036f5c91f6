"""How passwords are hashed."""

import secrets
from base64 import b64encode

from django.contrib.auth.hashers import Argon2PasswordHasher
from nacl import bindings as sodium
from nacl.exceptions import InvalidkeyError


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with parameters of OWASP's Password Storage Cheat Sheet: 7 MiB, t=5, p=1.

    Of the five sets that it calls equally strong, the one that a crowd of sign-ups needs the least
    memory for, and here the fastest; a password hashed with others is hashed anew at sign-in.

    Django's default takes 100 MiB and eight threads for each sign-in: 0.3 s on two cores, and a
    way to fill the memory of a small machine with a few concurrent attempts.

    libsodium calculates it, in two thirds of argon2-cffi's time, as it uses what the processor has
    (AVX2); what is stored is the same, so that either verifies the other's.
    """

    time_cost = 5
    memory_cost = 7 * 1024  # KiB
    parallelism = 1
    salt_entropy = 95  # bits: Django counts our 16 random bytes (128) as if they were letters

    def salt(self) -> str:
        return secrets.token_bytes(sodium.crypto_pwhash_SALTBYTES).decode("latin1")

    def encode(self, password: str, salt: str) -> str:
        """`salt` as from `salt()`. Raises nacl.exceptions.ValueError for one of another length."""
        raw = salt.encode("latin1")
        made = sodium.crypto_pwhash_alg(
            self.params().hash_len,
            password.encode(),
            raw,
            self.time_cost,
            self.memory_cost * 1024,
            sodium.crypto_pwhash_ALG_ARGON2ID13,
        )
        costs = f"m={self.memory_cost},t={self.time_cost},p={self.parallelism}"
        return f"{self.algorithm}$argon2id$v=19${costs}${_unpadded(raw)}${_unpadded(made)}"

    def verify(self, password: str, encoded: str) -> bool:
        stored = encoded.removeprefix(f"{self.algorithm}").encode()
        try:
            return bool(sodium.crypto_pwhash_str_verify(stored, password.encode()))
        except InvalidkeyError:
            return False


def _unpadded(raw: bytes) -> str:
    return b64encode(raw).decode().rstrip("=")
