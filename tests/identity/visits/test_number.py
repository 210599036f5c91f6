"""The cookie that tells one visit from two, as the library would write it."""

from __future__ import annotations

import copy
import pickle
from http.cookies import Morsel

from identity.visits import number


def _by_the_library(value: str, *, domain: str) -> str:
    cookie: Morsel[str] = Morsel()
    cookie.set("plg_visitor", value, value)
    cookie.update(
        {
            "max-age": str(number.ONE_YEAR),
            "path": "/",
            "domain": domain,
            "secure": True,
            "httponly": True,
            "samesite": "Lax",
        }
    )
    return cookie.OutputString()


def test_it_says_what_the_library_says():
    prepared = number._prepared("plg_visitor", ".example.org", True, True)
    first, second = prepared.with_value("one"), prepared.with_value("two")
    assert first.OutputString() == _by_the_library("one", domain=".example.org")
    assert second.OutputString() == _by_the_library("two", domain=".example.org")
    assert first != second


def test_what_is_changed_of_one_stands_in_its_words_and_in_no_other():
    prepared = number._prepared("plg_visitor", ".example.org", True, True)
    one, other, third = (prepared.with_value("one") for _ in range(3))
    one["domain"] = ""
    third.update({"domain": ""})
    assert one.OutputString() == third.OutputString() == _by_the_library("one", domain="")
    assert other.OutputString() == _by_the_library("one", domain=".example.org")
    assert prepared.with_value("one").OutputString() == other.OutputString()


def test_a_copy_says_the_same():
    cookie = number._prepared("plg_visitor", "", False, True).with_value("one")
    for copied in (cookie.copy(), copy.copy(cookie), pickle.loads(pickle.dumps(cookie))):  # noqa: S301
        assert copied.OutputString() == cookie.OutputString()
