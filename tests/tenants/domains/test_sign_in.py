"""Signing in on a workspace's own domain: over real HTTP, through the whole stack of middleware."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from types import SimpleNamespace
from urllib.parse import parse_qs, urlencode, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.conf import settings

from identity.models import DerivedSession, Person, User
from identity.oidc import clients
from tenants import hosts
from tenants.domains import checking, claims
from tenants.domains.models import CustomDomain
from tenants.models import Domain, Membership, Tenant
from tests.tenants.domains.browser import Answer, Browser

OURS, THEIRS = "links.acme-corp.com", "go.globex-corp.com"
PORT = settings.PUBLIC_PORT_SUFFIX


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    from plg_site.wsgi import application

    server = make_server("127.0.0.1", 0, application, _Threads, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _serve(slug: str, name: str, resolver) -> CustomDomain:  # type: ignore[no-untyped-def]
    tenant = Tenant.objects.get(slug=slug)
    tenant.domain_limit = 1
    tenant.save()
    owner = User.objects.get(email=f"owner@{slug}.example")
    claim = claims.add(tenant, name, by=owner)
    resolver.has(claim.proof_name, "TXT", claim.proof_value)
    resolver.has(name, "CNAME", f"{settings.CUSTOM_DOMAIN_TARGET}.")
    return checking.check(claim)


@pytest.fixture
def world(committed, resolver) -> Iterator[SimpleNamespace]:  # type: ignore[no-untyped-def]
    """Two workspaces on their own domains, really committed; taken away again."""
    yield SimpleNamespace(
        acme=_serve("acme", OURS, resolver), globex=_serve("globex", THEIRS, resolver)
    )
    for claim in CustomDomain.objects.select_related("tenant").filter(name__in=[OURS, THEIRS]):
        claims.remove(claim, by=User.objects.get(email="owner@acme.example"))
    Tenant.objects.update(domain_limit=0)
    hosts.forget_here()


@pytest.fixture
def browser(port: int) -> Callable[[], Browser]:
    return lambda: Browser(port)


def at(host: str, path: str = "/") -> str:
    return f"http://{host}{PORT}{path}"


SITE = settings.SITE_URL


def log_in(browser: Browser, page: Answer, email: str) -> Answer:
    """Fill in the sign-in page that `page` is."""
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text[:500]
    fields = {"login": email, "password": "correct horse", "csrfmiddlewaretoken": token[1]}
    if following := re.search(r'name="next" value="([^"]+)"', page.text):
        fields["next"] = following[1].replace("&amp;", "&")
    return browser.post(page.url, fields)


def signed_in(browser: Browser, email: str = "member@acme.example", host: str = OURS) -> Answer:
    return log_in(browser, browser.get(at(host, "/links/")), email)


def test_a_member_signs_in_and_is_back_where_they_wanted_to_be(world, browser):
    person = browser()
    page = person.get(at(OURS, "/links/?page=1"))
    assert urlsplit(page.url).netloc == f"{settings.SITE_DOMAIN}{PORT}"
    [actions] = [
        part for part in page.headers["content-security-policy"].split(";") if "form-action" in part
    ]
    assert at(OURS)[:-1] in actions
    assert at(THEIRS)[:-1] not in actions
    answer = log_in(person, page, "member@acme.example")
    assert (answer.status, answer.url) == (200, at(OURS, "/links/?page=1"))
    assert "Acme Member" in answer.text


def test_who_signs_in_a_second_time_is_signed_in(world, browser):
    """A bookmark of the sign-in page, or two tabs that were both sent there."""
    person = browser()
    signed_in(person)
    before = person.cookies(at(OURS))[settings.SESSION_COOKIE_NAME]
    answer = person.get(at(OURS, "/sign-in/?next=/links/"))
    assert (answer.status, answer.url) == (200, at(OURS, "/links/"))
    assert person.cookies(at(OURS))[settings.SESSION_COOKIE_NAME] != before
    assert DerivedSession.objects.filter(client_id=world.acme.client_id).count() == 1


def test_the_cookies_stay_with_the_domain(world, browser):
    person = browser()
    signed_in(person)
    scopes = {scope for scope, _, name in person.jar if name == settings.SESSION_COOKIE_NAME}
    assert scopes == {OURS, f".{settings.SITE_DOMAIN}"}
    here, site = (
        person.cookies(url)[settings.SESSION_COOKIE_NAME] for url in (at(OURS), f"{SITE}/")
    )
    assert here != site
    assert not [1 for scope, path, name in person.jar if name == "plg_sign_in"], "used up"


def test_who_is_signed_in_at_the_site_notices_nothing(world, browser):
    person = browser()
    log_in(person, person.get(f"{SITE}/login/"), "member@acme.example")
    answer = person.get(at(OURS, "/usage/"))
    assert (answer.status, answer.url) == (200, at(OURS, "/usage/"))


def test_forms_work_there_and_only_from_there(world, browser):
    person = browser()
    signed_in(person, "owner@acme.example")
    page = person.get(at(OURS, "/settings/"))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    fields = {"name": "Acme", "time_zone": "UTC", "csrfmiddlewaretoken": token}
    wrong = person.post(at(OURS, "/settings/"), fields, Origin=at(THEIRS)[:-1])
    assert wrong.status == 403
    wrong = person.post(at(OURS, "/settings/"), {**fields, "csrfmiddlewaretoken": "x" * 64})
    assert wrong.status == 403
    assert person.post(at(OURS, "/settings/"), fields).status == 200


def test_a_session_of_the_domain_is_nobody_s_elsewhere(world, browser):
    """Whoever runs the domain's DNS can read its cookies."""
    person = browser()
    signed_in(person)
    stolen = person.cookies(at(OURS))[settings.SESSION_COOKIE_NAME]
    for host in (settings.SITE_DOMAIN, f"acme.{settings.APP_DOMAIN}", THEIRS):
        thief = browser()
        thief.jar[host, "/", settings.SESSION_COOKIE_NAME] = stolen
        answer = thief.get(at(host, "/workspaces/" if host == settings.SITE_DOMAIN else "/links/"))
        assert "/login/" in answer.url, host
    at_home = person.cookies(f"{SITE}/")[settings.SESSION_COOKIE_NAME]
    thief = browser()
    thief.jar[OURS, "/", settings.SESSION_COOKIE_NAME] = at_home
    assert "/login/" in thief.get(at(OURS, "/links/")).url


@pytest.mark.parametrize("who", ["outsider@example.com", "owner@globex.example"])
def test_who_is_no_member_gets_no_code(world, browser, who):
    person = browser()
    log_in(person, person.get(f"{SITE}/login/"), who)
    answer = person.get(at(OURS, "/links/"))
    assert answer.status == 403
    assert "not one of them" in answer.text
    assert not any("code=" in step for step in answer.trail)


def test_who_leaves_the_workspace_finds_nothing_there(world, browser):
    person = browser()
    signed_in(person)
    seat = Membership.objects.get(user__email="member@acme.example")
    Membership.objects.filter(pk=seat.pk).delete()
    try:
        assert person.get(at(OURS, "/links/")).status == 404
    finally:
        seat.save(force_insert=True)


def back_from_the_site(person: Browser, host: str = OURS) -> str:
    """The callback's address, with a code, that has not been visited."""
    log_in(person, person.get(f"{SITE}/login/"), "member@acme.example")
    to_provider = person.get(at(host, "/sign-in/?next=/links/"), follow=False).location
    return person.get(to_provider, follow=False).location


def test_code_and_state_work_once(world, browser):
    person = browser()
    callback = back_from_the_site(person)
    jar = dict(person.jar)
    assert person.get(callback, follow=False).location == "/links/"
    assert person.get(callback).status == 403, "the cookie is gone"
    person.jar = jar  # as somebody who kept a copy
    assert person.get(callback).status == 403, "the state is used"


def test_a_code_of_another_browser_is_refused(world, browser):
    """Login CSRF: a link that signs somebody in as the one who made it."""
    callback = back_from_the_site(browser())
    victim = browser()
    assert victim.get(callback).status == 403
    victim.get(at(OURS, "/sign-in/"), follow=False)
    assert victim.get(callback).status == 403


def test_a_code_of_another_sign_in_is_refused(world, browser):
    """The right state, but the code belongs to another verifier and nonce."""
    other = parse_qs(urlsplit(back_from_the_site(browser())).query)["code"][0]
    person = browser()
    own = parse_qs(urlsplit(back_from_the_site(person)).query)
    query = urlencode({"code": other, "state": own["state"][0]})
    assert person.get(at(OURS, f"/sign-in/callback/?{query}")).status == 403


def test_a_code_for_one_domain_is_worth_nothing_on_another(world, browser):
    person = browser()
    Membership.objects.create(
        tenant=Tenant.objects.get(slug="globex"), user=User.objects.get(email="member@acme.example")
    )
    try:
        callback = back_from_the_site(person)
        assert person.get(callback.replace(OURS, THEIRS)).status == 403
        for (_, path, name), value in list(person.jar.items()):
            if name == "plg_sign_in":
                person.jar[THEIRS, path, name] = value
        assert person.get(callback.replace(OURS, THEIRS)).status == 403
    finally:
        Membership.objects.filter(tenant__slug="globex", user__email="member@acme.example").delete()


def test_the_redirect_address_cannot_be_another(world, browser):
    person = browser()
    log_in(person, person.get(f"{SITE}/login/"), "member@acme.example")
    to_provider = person.get(at(OURS, "/sign-in/"), follow=False).location
    for address in (at(THEIRS, "/sign-in/callback/"), at(OURS, "/links/"), "https://evil.example/"):
        query = {k: v[0] for k, v in parse_qs(urlsplit(to_provider).query).items()}
        query["redirect_uri"] = address
        wrong = to_provider.split("?")[0] + "?" + urlencode(query)
        answer = person.get(wrong, follow=False)
        assert (answer.status, answer.location) == (400, "")


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/poster",  # a short link leads anywhere
        "/links/../poster",
    ],
)
def test_sign_in_never_leads_to_strangers(world, browser, back):
    person = browser()
    log_in(person, person.get(f"{SITE}/login/"), "member@acme.example")
    answer = person.get(at(OURS, f"/sign-in/?{urlencode({'next': back})}"))
    assert (answer.status, answer.url) == (200, at(OURS, "/"))


def test_signing_out_there_signs_out_of_the_site(world, browser):
    person = browser()
    page = signed_in(person)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    answer = person.post(at(OURS, "/logout/"), {"csrfmiddlewaretoken": token})
    assert (answer.status, answer.url) == (200, at(OURS, "/sign-in/out/"))
    assert "signed out" in answer.text
    assert "/login/" in person.get(at(OURS, "/links/")).url
    assert "/login/" in person.get(f"{SITE}/workspaces/").url


def test_signing_out_of_the_site_signs_out_there(world, browser):
    person, elsewhere = browser(), browser()
    signed_in(person)
    signed_in(elsewhere)
    page = person.get(f"{SITE}/logout/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    person.post(f"{SITE}/logout/", {"csrfmiddlewaretoken": token})
    assert "/login/" in person.get(at(OURS, "/links/")).url
    assert elsewhere.get(at(OURS, "/links/")).url == at(OURS, "/links/"), "another browser's"


def test_a_domain_that_stops_ends_its_sessions(world, browser):
    person = browser()
    signed_in(person)
    client_id = world.acme.client_id
    assert DerivedSession.objects.filter(client_id=client_id).exists()
    claims.remove(world.acme, by=User.objects.get(email="owner@acme.example"))
    hosts.forget_here()
    assert person.get(at(OURS, "/links/")).status == 404
    assert not DerivedSession.objects.filter(client_id=client_id).exists()


def test_what_was_done_before_the_sign_in_is_the_person_s(world, browser):
    person = browser()
    person.get(at(OURS, "/sign-in/out/"))
    anonymous = person.cookies(at(OURS))["plg_aid"]
    signed_in(person)
    found = Person.objects.get(user__email="member@acme.example")
    assert found.aliases.filter(anonymous_id=anonymous).exists()


@pytest.mark.parametrize("path", ["/sign-in/", "/sign-in/callback/", "/sign-in/out/"])
def test_on_our_own_hosts_these_pages_do_not_exist(world, browser, path):
    assert browser().get(at(f"acme.{settings.APP_DOMAIN}", path), follow=False).status == 404


def test_a_domain_that_is_not_proved_is_a_404_in_words(committed, browser):
    answer = browser().get(at("links.nobody-here.com", "/sign-in/"))
    assert answer.status == 404
    assert "no workspace at this address" in answer.text


def test_a_retired_client_knows_no_secret(world):
    from allauth.idp.oidc.models import Client

    client = Client.objects.get(pk=world.acme.client_id)
    assert clients.own_secret(client.pk) not in client.secret, "a hash is kept"
    assert client.get_redirect_uris() == [at(OURS, "/sign-in/callback/")]
    assert not client.allow_uri_wildcards
    assert Domain.objects.filter(domain=OURS).count() == 1
