"""Where we never call, however it is spelled, and whatever a name says from one moment to the next."""

from __future__ import annotations

import pytest

from outbound import webhooks
from outbound.letter import Letter
from outbound.outcomes import NotSent
from outbound.webhooks import calling, places
from outbound.webhooks.channel import WebhookWay
from tests.outbound.webhooks.writing import message_for
from tests.tenants.domains.dns_server import DnsServer

INSIDE = [
    # Each of them one that somebody has been tricked with.
    "127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "224.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fd00:ec2::254", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:53aa:64c:0:f0ff:80ff:fffe", "::7f00:1", "2001:db8::1",
]  # fmt: skip
BAD = [
    "http://example.com/", "ftp://example.com/", "https://", "https:///x", "https://user@example.com/",
    "https://user:pw@example.com/", "https://localhost/", "https://a.localhost/",
    "https://intranet/", "https://x.internal/", "https://exa mple.com/", "https://example.com/#x",
    "https://example.com:0/", "https://example.com:99999/", "https://ex\u00e4mple.com/",
    "javascript:alert(1)", "https://[::1", "https://example.com\\@127.0.0.1/",
]  # fmt: skip


@pytest.fixture
def production(settings):
    settings.WEBHOOKS_TO_LOOPBACK = False


@pytest.fixture
def names(production, settings):
    server = DnsServer()
    settings.WEBHOOKS_RESOLVERS = [server.address]
    yield server
    server.close()


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_of_an_inner_network_is_called(production, address):
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(places.NotAllowed):
        places.check_url(f"https://{host}/")
    with pytest.raises(places.NotAllowed):
        places.find(address)


@pytest.mark.parametrize("url", BAD)
def test_what_is_no_address_of_a_public_page_is_refused(production, url):
    with pytest.raises(places.NotAllowed):
        places.check_url(url)


@pytest.mark.parametrize("url", ["https://example.com/hooks?x=1", "https://8.8.8.8:8443/"])
def test_public_ones_are_taken(production, url):
    places.check_url(url)


@pytest.mark.parametrize("spelled", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1"])
def test_other_spellings_of_numbers_are_names_and_lead_nowhere(names, spelled):
    with pytest.raises(places.NotFound):
        places.find(spelled)


def test_a_name_that_leads_inside_is_refused_when_it_is_called(names):
    names.has("hooks.example.com", "A", "10.1.2.3")
    with pytest.raises(places.NotAllowed):
        calling.post("https://hooks.example.com/", b"{}", {})


def test_one_inner_address_among_public_ones_is_enough(names):
    names.has("hooks.example.com", "A", "8.8.8.8", "127.0.0.1")
    with pytest.raises(places.NotAllowed):
        places.find("hooks.example.com")


def test_networks_of_the_operator_are_refused_too(names, settings):
    settings.WEBHOOKS_REFUSED_NETWORKS = ["8.8.8.0/24"]
    with pytest.raises(places.NotAllowed):
        places.find("8.8.8.8")
    assert places.find("8.8.4.4") == ["8.8.4.4"]


def test_it_is_asked_when_sending_so_a_name_that_moves_inside_is_not_called(
    acme, people, names, settings
):
    settings.OUTBOUND_AT_ONCE = False
    names.has("hooks.example.com", "A", "93.184.216.34")
    endpoint, _ = webhooks.add(
        tenant_id=acme.pk, url="https://hooks.example.com/", names=[], by=people.acme_owner.pk
    )
    message = message_for(endpoint)
    names.has("hooks.example.com", "A", "169.254.169.254")
    outcome = WebhookWay().deliver(message, Letter("x", "{}"))
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "address_not_allowed"


def test_the_call_goes_to_the_address_that_was_checked(program, settings, monkeypatch):
    """Whatever the system's own resolver says of the name: it is not asked."""
    asked = []
    monkeypatch.setattr(places, "find", lambda host: asked.append(host) or ["127.0.0.1"])
    port = program.url.split(":")[2].split("/")[0]
    answer = calling.post(f"http://nowhere.example.com:{port}/hooks", b"{}", {})
    assert (answer.status, asked) == (204, ["nowhere.example.com"])
    assert program.received[0].headers["host"] == f"nowhere.example.com:{port}"
