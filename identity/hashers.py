"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, t=2, p=1.

    Django's default takes 100 MiB and eight threads for each sign-in: 0.3 s on two cores, and a
    way to fill the memory of a small machine with a few concurrent attempts.
    """

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1
