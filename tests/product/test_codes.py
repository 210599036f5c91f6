"""Codes of short links."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from product import codes


def test_a_random_code_has_no_letters_that_look_alike():
    made = "".join(codes.random_code() for _ in range(300))
    assert not set(made) & set("0OIl")


def test_random_codes_differ():
    assert len({codes.random_code() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("code", ["sale", "Sale-2026", "a_b", "x" * 40, "2026"])
def test_a_person_may_choose_letters_digits_hyphens_and_underscores(code):
    codes.validate_code(code)


@pytest.mark.parametrize(
    "code", ["ab", "x" * 41, "-sale", "sale-", "a b", "süß", "a/b", "a.b", "<b>x</b>"]
)
def test_other_codes_are_refused_in_words(code):
    with pytest.raises(ValidationError):
        codes.validate_code(code)


@pytest.mark.parametrize(
    "code",
    ["links", "Files", "usage", "billing", "members", "api-keys", "settings", "logout", "api"],
)
def test_the_address_of_a_page_cannot_be_a_code(code):
    with pytest.raises(ValidationError, match="address of a page"):
        codes.validate_code(code)


@pytest.mark.parametrize("code", ["static", "media", "well-known", "healthz"])
def test_what_browsers_and_probes_ask_for_is_reserved(code):
    assert codes.is_reserved(code)
