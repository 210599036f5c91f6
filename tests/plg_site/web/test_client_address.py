"""Who asks, behind no proxy, one, two, and behind one that nobody has declared."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from events.limits.clients import address_key
from plg_site.devstack.options import ROOT
from plg_site.doctor import client_address as check
from plg_site.doctor.findings import Level
from plg_site.web import undeclared_proxies
from plg_site.web.client_address import ClientAddress, Trusted, settle, walk
from tests.plg_site import proxies

CLIENT = "198.51.100.7"
PACKAGES = (
    "plg_site",
    "product",
    "billing",
    "metering",
    "tenants",
    "outbound",
    "identity",
    "cms",
    "events",
)
OURS = Trusted(["10.0.0.0/8", "fd00::/8"])


def asked(peer: str, *, scheme: str = "https", trusted: Trusted = OURS, **said: str) -> dict:
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    environ |= {f"HTTP_{name.upper()}": value for name, value in said.items()}
    settle(environ, trusted=trusted, scheme=scheme)
    return environ


@pytest.fixture(autouse=True)
def _nobody_seen():
    undeclared_proxies.forget()
    yield
    undeclared_proxies.forget()


def test_without_a_proxy_the_peer_is_the_client():
    environ = asked("198.51.100.7")
    assert environ["REMOTE_ADDR"] == "198.51.100.7"
    assert address_key(environ) == "198.51.100.7"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.1.1.1", "198.51.100.7"),  # two proxies of ours
        ("1.2.3.4, 198.51.100.7, 10.1.1.1", "198.51.100.7"),  # the client wrote the first itself
        ("10.9.9.9, 198.51.100.7", "198.51.100.7"),  # or says that it is one of ours
        ("198.51.100.7:51812", "198.51.100.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:db8::7, fd00::1", "2001:db8::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("unknown", None),
        ("198.51.100.7, _hidden", None),
        ("", None),
        ("10.1.1.1, 10.2.2.2", None),
        ("198.51.100.7, ", None),
    ],
)
def test_the_list_is_walked_from_the_right_as_far_as_the_proxies_are_ours(forwarded, client):
    assert walk(forwarded, trusted=OURS) == client


def test_a_forwarded_header_from_anybody_else_is_not_believed():
    environ = asked("192.168.0.7", x_forwarded_for="1.2.3.4", x_forwarded_proto="http")
    assert environ["REMOTE_ADDR"] == "192.168.0.7"
    assert address_key(environ) is None  # and no limit goes by an address that may be a proxy's
    assert environ["wsgi.url_scheme"] == "https"
    assert "HTTP_X_FORWARDED_PROTO" not in environ


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip"])
@pytest.mark.parametrize("stranger", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_a_header_takes_no_stranger_out_of_a_limit(stranger, header):
    """Nor does it bring them into another's."""
    forged = asked(stranger, **{header: "1.2.3.4"})
    assert address_key(forged) == address_key(asked(stranger))
    assert address_key(forged) is not None
    assert forged["plg.undeclared_proxy"] == stranger


OF_OURS = (
    "127.0.0.1 10.9.0.1 172.16.0.1 192.168.1.1 100.64.0.1 169.254.1.1 ::1 fd12::1 fe80::1%eth0"
)


@pytest.mark.parametrize("peer", [*OF_OURS.split(), ""])
def test_a_peer_of_a_network_of_ours_may_be_a_proxy_that_nobody_declared(peer):
    trusted = Trusted(["203.0.113.0/24"])
    assert address_key(asked(peer, trusted=trusted, x_forwarded_for="1.2.3.4")) is None


def test_a_declared_proxy_says_which_client_and_which_scheme():
    environ = asked("10.0.0.3", x_forwarded_for="198.51.100.7", x_forwarded_proto="http")
    assert (environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]) == ("198.51.100.7", "http")


def test_nobody_makes_a_site_without_tls_look_as_if_it_had_it():
    assert asked("10.0.0.3", scheme="http", x_forwarded_proto="https")["wsgi.url_scheme"] == "http"


def test_a_proxy_that_does_not_say_for_whom_is_no_key_for_a_limit():
    assert address_key(asked("10.0.0.3")) is None


def test_one_line_of_a_provider_has_one_bucket_however_many_addresses_it_has():
    first, second = asked("2001:db8:1:2::1"), asked("2001:db8:1:2:ffff::9")
    assert address_key(first) == address_key(second)
    assert address_key(asked("2001:db8:1:3::1")) != address_key(first)


def test_a_unix_socket_is_believed_only_where_it_is_declared():
    said = {"x_forwarded_for": "198.51.100.7"}
    assert address_key(asked("", **said)) is None
    assert asked("", trusted=Trusted(["unix"]), **said)["REMOTE_ADDR"] == "198.51.100.7"


def test_a_network_that_is_none_is_an_error_that_names_the_setting():
    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXIES"):
        Trusted(["10.0.0.1/8"])


def test_doctor_names_the_peer_that_is_not_declared(settings):
    settings.TRUSTED_PROXIES = []
    application = ClientAddress(proxies.echo, trusted=[], scheme="http")
    environ = {"REMOTE_ADDR": "10.0.0.3", "HTTP_X_FORWARDED_FOR": "198.51.100.7"}
    list(application(environ, lambda *_: None))
    [finding] = check.look()
    assert finding.level is Level.PROBLEM
    assert "10.0.0.3" in finding.says
    assert "TRUSTED_PROXIES" in finding.do
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    [finding] = check.look()
    assert finding.level is Level.FINE


def test_doctor_does_not_call_a_stranger_a_proxy_of_ours(settings):
    settings.TRUSTED_PROXIES = []
    undeclared_proxies.remember("8.8.8.8")
    [finding] = check.look()
    assert finding.level is Level.WARNING
    assert "not believed" in finding.says


def test_who_sends_such_headers_from_many_addresses_fills_nothing(settings):
    for number in range(3 * undeclared_proxies.MOST):
        undeclared_proxies._next_write = 0.0
        undeclared_proxies.remember(f"198.51.100.{number}")
    assert len(undeclared_proxies.seen()) == undeclared_proxies.MOST
    undeclared_proxies.remember("203.0.113.1")  # just now one was written
    assert "203.0.113.1" not in undeclared_proxies.seen()


@pytest.fixture
def web():
    application = ClientAddress(proxies.echo, trusted=["127.0.0.1/32"], scheme="https")
    with proxies.served(application) as port:
        yield port


def test_behind_caddy_with_the_shipped_rules_the_client_is_seen_and_spoofing_is_not(tmp_path, web):
    with proxies.caddy(tmp_path, [web]) as port:
        told = proxies.get(port, by="127.0.7.1", X_Forwarded_For="1.2.3.4", X_Real_IP="1.2.3.4")
    assert told["REMOTE_ADDR"] == "127.0.7.1"
    assert not told["plg.address_unknown"]
    assert told["HTTP_HOST"] == proxies.SITE


def test_behind_two_proxies_the_client_is_seen(tmp_path, web):
    with (
        proxies.caddy(tmp_path / "inner", [web], believes=["127.0.0.1/32"]) as inner,
        proxies.caddy(tmp_path / "outer", [inner]) as outer,
    ):
        told = proxies.get(outer, by="127.0.7.2", X_Forwarded_For="1.2.3.4")
    assert told["REMOTE_ADDR"] == "127.0.7.2"


def test_behind_nginx_with_the_shipped_rules_the_client_is_seen_and_spoofing_is_not(tmp_path, web):
    with proxies.nginx(tmp_path, [web]) as port:
        told = proxies.get(port, by="127.0.7.3", X_Forwarded_For="1.2.3.4", X_Real_IP="1.2.3.4")
    assert told["REMOTE_ADDR"] == "127.0.7.3"
    assert not told["HTTP_X_REAL_IP"]


def test_the_shipped_rules_of_caddy_are_for_several_web_processes():
    [server] = proxies.caddy_rules([8001, 8002])["apps"]["http"]["servers"].values()
    said = str(server)
    assert "127.0.0.1:8001" in said
    assert "127.0.0.1:8002" in said
    assert "'uri': '/readyz'" in said


@pytest.mark.parametrize("kind", [proxies.caddy, proxies.nginx], ids=["caddy", "nginx"])
def test_a_web_process_that_goes_away_fails_no_request(tmp_path, kind):
    """As in a rolling restart."""
    application = ClientAddress(proxies.echo, trusted=["127.0.0.1/32"], scheme="http")
    if kind is proxies.nginx:
        proxies.nginx_program()
    with proxies.served(application) as stays:
        with proxies.served(application) as goes, kind(tmp_path, [goes, stays]) as port:
            assert proxies.get(port, by="127.0.7.1")
        with kind(tmp_path / "again", [goes, stays]) as port:  # one of the two is gone
            for _ in range(30):
                assert proxies.get(port, by="127.0.7.1")["REMOTE_ADDR"] == "127.0.7.1"


def test_the_address_of_a_proxy_is_written_down_as_nobodys(client_for, people, acme):
    from events.limits.clients import UNKNOWN
    from identity.adapters.account_adapter import AccountAdapter
    from identity.models import SignIn, User
    from identity.proofs import beginnings
    from tenants.models import AuditEntry

    somebody = User.objects.create_user("somebody@example.org", None)
    for peer, unknown, known in (
        ("10.0.0.3", True, None),
        ("", False, None),
        (CLIENT, False, CLIENT),
    ):
        client = client_for(REMOTE_ADDR=peer)
        client.defaults[UNKNOWN] = unknown
        client.post("/login/", {"login": people.acme_owner.email, "password": "correct horse"})
        assert SignIn.objects.get(session_key=client.session.session_key).ip == known
        answer = client.post(
            "/members/invite/",
            {"email": "new@example.org", "role": "member"},
            headers={"host": "acme.plg.localhost"},
        )
        assert answer.status_code == 302
        noted = AuditEntry.objects.filter(tenant=acme, action="member.invited").latest("at")
        assert noted.ip == known
        beginning = beginnings.note(somebody, request=answer.wsgi_request, begins="Acme")
        assert beginning.client_address == known
        beginning.delete()
        assert AccountAdapter().get_client_ip(answer.wsgi_request) == (known or "")


# Who reads the address itself, and why; everybody else asks events.limits.clients.
READS_IT = {
    "plg_site/web/client_address.py": "finds it",
    "events/limits/clients.py": "says whether it is the client's",
    "plg_site/web/probes.py": "tells this machine more, and nobody behind a proxy",
    "plg_site/development/debug_page.py": "answers this machine alone, and nobody behind a proxy",
    "plg_site/development/outbox.py": "answers this machine alone, whatever a proxy says",
    "plg_site/collect/application.py": "makes an environ for the finder, from what the server says",
    "plg_site/web/first_party.py": "hands on what was found",
    "product/counting.py": "counts by networks, from the environ that a click was kept with",
    "cms/releases/rendering.py": "makes a request up",
}


def test_nobody_else_reads_the_address_of_a_request():
    readers = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if "REMOTE_ADDR" in file.read_text()
    }
    assert readers == set(READS_IT)
