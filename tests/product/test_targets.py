"""Where a link may lead."""

# ruff: noqa: RUF001 (letters that look alike are what this is about)

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from product.destinations import look_up
from product.models import Link
from product.targets import validate_target
from tenants import workspace_url


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com:8080/a/b?c=d&e=%20#f",
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
        ("https://1.2.3.4.5/", "malformed"),
        ("https://256.1.1.1/", "malformed"),
        ("https://example.09/", "malformed"),
        ("https://xn--１/", "malformed"),
        ("https://%31%32%37.0.0.1/", "malformed"),
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


# As people write it, and as it is kept: what browsers and DNS make of the host.
KEPT = {
    "HTTPS://EXAMPLE.COM/": "https://example.com/",
    "https://münchen.example/straße": "https://xn--mnchen-3ya.example/straße",
    "https://MÜNCHEN.example:8443/a?b=ü#c": "https://xn--mnchen-3ya.example:8443/a?b=ü#c",
    "https://faß.example/": "https://xn--fa-hia.example/",
    "https://example。com/": "https://example.com/",
    "https://xn--mnchen-3ya.example/": "https://xn--mnchen-3ya.example/",
    "https://example.com./": "https://example.com/",
    "https://１.１.１.１/": "https://1.1.1.1/",
    "https://0x01010101/": "https://1.1.1.1/",
    "https://[2606:4700:0:0:0:0:0:1111]/": "https://[2606:4700::1111]/",
}


@pytest.mark.parametrize("url", KEPT)
def test_the_host_is_kept_as_browsers_and_dns_have_it(url):
    assert validate_target(url) == KEPT[url]


def test_the_form_and_the_api_keep_what_was_checked(member, api, visitor, in_acme):
    member.post("/links/new/", {"target_url": "münchen.example/straße", "code": "by-form"})
    said = {"target_url": "https://münchen.example/straße", "code": "by-api"}
    assert api.post("/links", said).json()["target_url"] == "https://xn--mnchen-3ya.example/straße"
    for code in ("by-form", "by-api"):
        to = visitor.get(f"/{code}")["Location"]
        assert to == "https://xn--mnchen-3ya.example/stra%C3%9Fe"


def test_what_was_kept_before_the_rule_is_checked_when_it_is_followed(
    public_installation, visitor, in_acme, settings
):
    settings.ALLOWED_HOSTS = ["*"]
    with in_acme():
        Link.objects.create(code="old-digits", target_url="http://１９２.168.1.1/reboot")
        Link.objects.create(code="old-name", target_url="https://bücher.example/")
        assert look_up("old-digits") is None
        assert look_up("old-name").url == "https://xn--bcher-kva.example/"


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
    "http://[64:ff9b::10.0.0.1]/",
    "http://[2002:a00:1::]/",
    "http://１２７.0.0.1/",
    "http://①⑨②.168.1.1/",
    "http://127。0。0。1/",
    "http://１９２．１６８．１．１/",
    "http://²130706433/",
    "http://0177.0.0.1/",
    "http://0300.0250.1.1/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://10.1/",
    "http://0/",
    "http://127.0.0.1./",
    "http://LOCALHOST/",
    "http://ｌocalhost/",
    "http://router/",
    "http://printer.local/",
    "http://nas.home.arpa/",
    "http://224.0.0.1/",
    "http://printer.lan/",
    "http://fritz.box/",
    "http://nas.fritz.box/",
    "http://speedport.ip/",
    "http://a.home/",
    "http://wiki.A.CORP./",
    "http://intern.mail/",
    "http://box.localdomain/",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_public_installation_does_not_lead_visitors_into_their_own_network(
    public_installation, url
):
    with pytest.raises(ValidationError) as refused:
        validate_target(url)
    assert refused.value.code == "private"


@pytest.mark.parametrize("host", ["home.example", "notfritz.box", "lan.example", "shop.homes"])
def test_a_name_that_only_looks_like_one_of_those_is_fine(public_installation, host):
    assert validate_target(f"https://{host}/")


@pytest.mark.parametrize("url", PRIVATE)
def test_an_installation_on_loopback_may_lead_there(url):
    assert settings.SITE_DOMAIN.endswith(".localhost")
    assert validate_target(url)


def test_a_link_to_a_short_link_is_refused_so_that_none_goes_round_in_circles(acme, globex):
    for tenant in (acme, globex):
        with pytest.raises(ValidationError) as refused:
            validate_target(workspace_url(tenant, "/somewhere"))
        assert refused.value.code == "short_link"


def test_a_link_to_a_page_of_a_workspace_or_the_site_is_fine(acme):
    validate_target(workspace_url(acme, "/links/"))
    validate_target(workspace_url(acme, "/"))
    validate_target(f"{settings.SITE_URL}/pricing")
