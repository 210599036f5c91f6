"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with parameters of OWASP's Password Storage Cheat Sheet: 7 MiB, t=5, p=1.

    Of the five sets that it calls equally strong, the one that a crowd of sign-ups needs the least
    memory for, and here the fastest; a password hashed with others is hashed anew at sign-in.

    Django's default takes 100 MiB and eight threads for each sign-in: 0.3 s on two cores, and a
    way to fill the memory of a small machine with a few concurrent attempts.
    """

    time_cost = 5
    memory_cost = 7 * 1024  # KiB
    parallelism = 1
