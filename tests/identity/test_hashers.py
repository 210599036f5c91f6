"""Passwords are stored as Argon2id of OWASP's parameters, as every other implementation reads them."""

import pytest
from argon2 import PasswordHasher
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from identity.hashers import Argon2idHasher

PASSWORD = "correct horse battery ☂"


@pytest.fixture(autouse=True)
def as_deployed(settings):
    settings.PASSWORD_HASHERS = ["identity.hashers.Argon2idHasher"]


def test_a_password_is_known_again_and_no_other():
    stored = make_password(PASSWORD)

    assert stored.startswith("argon2$argon2id$v=19$m=7168,t=5,p=1$")
    assert check_password(PASSWORD, stored)
    assert not check_password(PASSWORD + " ", stored)
    assert make_password(PASSWORD) != stored


def test_what_is_stored_is_what_argon2_cffi_reads():
    stored = make_password(PASSWORD)

    assert PasswordHasher().verify(stored.removeprefix("argon2"), PASSWORD)


def test_a_fresh_hash_is_left_alone_at_sign_in():
    assert not Argon2idHasher().must_update(make_password(PASSWORD))


@pytest.mark.parametrize(("memory", "passes", "lanes"), [(102_400, 2, 8), (19 * 1024, 2, 1)])
def test_a_password_hashed_with_other_parameters_is_verified_and_hashed_anew(memory, passes, lanes):
    earlier = Argon2PasswordHasher()
    earlier.memory_cost, earlier.time_cost, earlier.parallelism = memory, passes, lanes
    stored = earlier.encode(PASSWORD, earlier.salt())
    renewed = []

    assert check_password(PASSWORD, stored, setter=renewed.append)
    assert renewed == [PASSWORD]


@pytest.mark.parametrize(
    "damaged",
    ["argon2$argon2id$v=19$m=7168,t=5,p=1$c2FsdHNhbHRzYWx0c2FsdA$", "argon2$nonsense", "argon2$"],
)
def test_a_damaged_hash_opens_nothing(damaged):
    assert not Argon2idHasher().verify(PASSWORD, damaged)
