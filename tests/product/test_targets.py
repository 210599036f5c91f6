"""Where a link may lead."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from product.targets import validate_target
from tenants import workspace_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a/b?c=d&e=%20#f",
        "HTTPS://EXAMPLE.COM/",
        "https://münchen.example/straße",
        "https://[2606:4700::1111]/",
        "https://my_host.example/",
    ],
)
def test_web_pages_are_fine(url):
    assert validate_target(url) == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("javascript:alert(1)", "scheme"),
        ("JaVaScRiPt://example.com/%0aalert(1)", "scheme"),
        ("data:text/html,hello", "scheme"),
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("//example.com/", "scheme"),
        ("example", "scheme"),
        ("", "scheme"),
        ("https://", "malformed"),
        ("https:///path", "malformed"),
        ("https://exa mple.com/", "malformed"),
        ("https://example.com/\r\nSet-Cookie: a=b", "malformed"),
        ("https://example.com:port/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://a..b/", "malformed"),
        ('https://example.com/"><script>', "malformed"),
        ("https://example.com\\@evil.example/", "malformed"),
        ("https://bank.example@evil.example/", "credentials"),
        ("https://example.com/" + "x" * 2048, "too_long"),
    ],
)
def test_what_is_no_web_page_is_refused_with_a_reason(url, reason):
    with pytest.raises(ValidationError) as refused:
        validate_target(url)
    assert refused.value.code == reason
    assert refused.value.messages[0]


PRIVATE = [
    "http://localhost/",
    "http://printer.localhost/",
    "http://127.0.0.1:8000/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "http://192.168.1.1/reboot",
    "http://169.254.169.254/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://[::ffff:10.0.0.1]/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_public_installation_does_not_lead_visitors_into_their_own_network(
    public_installation, url
):
    with pytest.raises(ValidationError) as refused:
        validate_target(url)
    assert refused.value.code == "private"


@pytest.mark.parametrize("url", PRIVATE)
def test_an_installation_on_loopback_may_lead_there(url):
    assert settings.SITE_DOMAIN.endswith(".localhost")
    assert validate_target(url) == url


def test_a_link_to_a_short_link_is_refused_so_that_none_goes_round_in_circles(acme, globex):
    for tenant in (acme, globex):
        with pytest.raises(ValidationError) as refused:
            validate_target(workspace_url(tenant, "/somewhere"))
        assert refused.value.code == "short_link"


def test_a_link_to_a_page_of_a_workspace_or_the_site_is_fine(acme):
    validate_target(workspace_url(acme, "/links/"))
    validate_target(workspace_url(acme, "/"))
    validate_target(f"{settings.SITE_URL}/pricing")
