"""Which names can be a domain of a workspace's own."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from tenants.domains import names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("links.example.com", "links.example.com"),
        ("  HTTPS://Links.Example.COM./ ", "links.example.com"),
        ("bücher.example.com", "xn--bcher-kva.example.com"),
        ("BÜCHER.example.com", "xn--bcher-kva.example.com"),
        ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("straße.de", "xn--strae-oqa.de"),
        ("me.github.io", "me.github.io"),
        ("example.co.uk", "example.co.uk"),
    ],
)
def test_a_name_is_kept_as_dns_spells_it(typed, name):
    assert names.normalised(typed) == name
    assert names.normalised(names.shown(name)) == name


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "only the name"),
        ("example.com/path", "only the name"),
        ("example.com:8080", "only the name"),
        ("*.example.com", "only the name"),
        ("user@example.com", "only the name"),
        ("_x.example.com", "only the name"),
        ("192.0.2.1", "IP address"),
        ("example", "whole name"),
        ("-x.example.com", "DNS knows"),
        ("a..example.com", "DNS knows"),
        (f"{'a' * 64}.com", "DNS knows"),
        (f"{'a.' * 116}com", "whole name"),
        ("xn--zz.example.com", "DNS knows"),
        ("co.uk", "everybody"),
        ("github.io", "everybody"),
        ("printer.local", "not on the internet"),
        ("router.home", "not on the internet"),
        (f"www.{settings.SITE_DOMAIN}", "one of our own"),
        (f"other.{settings.APP_DOMAIN}", "one of our own"),
        (settings.FILES_DOMAIN, "one of our own"),
    ],
)
def test_what_cannot_be_a_domain_is_refused_in_words(typed, why):
    with pytest.raises(ValidationError, match=why):
        names.normalised(typed)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_name_or_is_refused(typed):
    try:
        name = names.normalised(typed)
    except ValidationError:
        return
    assert name == name.lower()
    assert name.isascii()
    assert names.normalised(name) == name


def test_only_a_registered_name_is_an_apex():
    assert names.is_apex("example.co.uk")
    assert not names.is_apex("links.example.co.uk")
