"""Where sign-in, sign-up, sign-out and their like lead: never to a stranger, never by a mere link."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.core import mail

from tenants import schema
from tenants.models import Membership

PORT = settings.PUBLIC_PORT_SUFFIX
SITE = settings.SITE_URL
ACME = f"acme.{settings.APP_DOMAIN}{PORT}"


@pytest.fixture
def short_link(acme) -> str:
    """A link of acme's, which leads whoever opens it anywhere."""
    from metering import quotas
    from product import links

    quotas.set_limits(acme, {"links": None})  # other tests have left links in the log
    with schema.inside(acme):
        made, _ = links.create_link(
            acme, links.NewLink(target_url="https://evil.example/", code="poster"), person_id=None
        )
    return made.code


STRANGERS = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "//%5Bx",
    "//[x",
    "http://[x/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil",
    "//evil.example\\@plg.localhost/",
    f"http://evil.example\\@{ACME}/links/",
    f"http://evil.example\\.{ACME}/links/",
    f"http://someone@{ACME}/links/",
    f"http://someone:word@{settings.SITE_DOMAIN}{PORT}/workspaces/",
    f"http://acme.{settings.APP_DOMAIN}:1/links/",
    f"http://acme.{settings.APP_DOMAIN}/links/",
    f"http://{settings.SITE_DOMAIN}:1/workspaces/",
    f"https://{ACME}/links/",
    f"javascript://{ACME}/%0aalert(1)",
    f"http://{ACME}/poster",
    f"http://{ACME}/%70oster",
    f"http://{ACME}/links/../poster",
    f"http://{ACME}/links/%2e%2e/poster",
    f"http://{ACME}/no-such-link",
    f"http://{ACME}/logout/",
    f"http://{ACME}/api/v1/links",
    f"http://globex.{settings.APP_DOMAIN}{PORT}/links/",
    f"http://nobody.{settings.APP_DOMAIN}{PORT}/links/",
    f"http://{settings.FILES_DOMAIN}{PORT}/x",
    "workspaces/",
]
GOOD = [
    "/workspaces/",
    "/cms/pages/?next=1",
    f"{SITE}/workspaces/",
    f"http://{ACME}/links/?q=a%20b#top",
    f"http://{ACME.upper()}/links/",
    f"http://{ACME}/usage/clicks/",
    f"http://{ACME}/",
]


def password(client, email: str, url: str):
    given = {"login": email, "password": "correct horse", "next": url}
    return client.post(f"/login/?{urlencode({'next': url})}", given)


@pytest.mark.parametrize("url", STRANGERS)
def test_signing_in_leads_to_no_stranger(client_for, people, short_link, url):
    answer = password(client_for(), people.acme_member.email, url)
    assert (answer.status_code, answer["Location"]) == (302, "/go/")


def test_an_address_with_a_nul_is_refused_before_anybody_is_led_anywhere(client_for, people):
    answer = password(client_for(), people.acme_member.email, "/workspaces/\0")
    assert answer.status_code == 400
    assert "Location" not in answer


@pytest.mark.parametrize("url", GOOD)
def test_signing_in_leads_where_the_person_wanted_to_be(client_for, people, url):
    answer = password(client_for(), people.acme_member.email, url)
    assert (answer.status_code, answer["Location"]) == (302, url)


@pytest.mark.parametrize("url", STRANGERS)
def test_who_is_signed_in_already_is_led_to_no_stranger_either(client_for, people, short_link, url):
    for path in ("/login/", "/signup/", "/login/code/"):
        answer = client_for(people.acme_member).get(f"{path}?{urlencode({'next': url})}")
        assert (answer.status_code, answer["Location"]) == (302, "/go/"), path


def test_the_workspace_is_the_person_s_at_the_moment_that_they_sign_in(client_for, people, acme):
    browser, url = client_for(), f"http://{ACME}/links/"
    page = browser.get(f"/login/?{urlencode({'next': url})}")
    assert url in page.content.decode()
    assert password(browser, people.globex_owner.email, url)["Location"] == "/go/"
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).delete()
    assert password(client_for(), people.acme_member.email, url)["Location"] == "/go/"


@pytest.mark.parametrize(
    "url", ["https://evil.example/", f"http://{ACME}/poster", f"http://globex.{ACME[5:]}/links/"]
)
def test_a_mailed_code_leads_to_no_stranger(
    client_for, people, short_link, url, django_capture_on_commit_callbacks
):
    browser = client_for()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/login/code/", {"email": people.acme_member.email, "next": url})
    code = re.search(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    answer = browser.post("/login/code/confirm/", {"code": code[1], "next": url})
    assert (answer.status_code, answer["Location"]) == (302, "/go/")


@pytest.mark.parametrize("url", ["https://evil.example/", f"http://{ACME}/poster"])
def test_signing_up_leads_into_the_new_workspace_and_to_no_stranger(client_for, short_link, url):
    form = {"name": "Nora", "email": "nora@new.example", "workspace_name": "Nora", "next": url}
    answer = client_for().post(f"/signup/?{urlencode({'next': url})}", form)
    assert answer.status_code == 302
    assert re.match(rf"http://nora[\w-]*\.{re.escape(ACME[5:])}/$", answer["Location"])


@pytest.mark.parametrize("url", [*STRANGERS, f"http://{ACME}/links/"])
def test_signing_out_leads_to_the_site_and_nowhere_else(client_for, people, acme, short_link, url):
    for host in (None, acme):
        browser = client_for(people.acme_member, host)
        answer = browser.post(f"/logout/?{urlencode({'next': url})}", {"next": url})
        assert (answer.status_code, answer["Location"]) == (302, f"{SITE}/")
        assert "_auth_user_id" not in browser.session
    visitor = client_for().get(f"/logout/?{urlencode({'next': url})}")
    assert (visitor.status_code, visitor["Location"]) == (302, f"{SITE}/")


def test_signing_out_of_a_workspace_does_not_open_its_short_link(
    client_for, people, acme, short_link
):
    answer = client_for(people.acme_member, acme).post("/logout/?next=/poster")
    assert answer["Location"] == f"{SITE}/"


@pytest.mark.parametrize("url", STRANGERS)
def test_signing_in_again_leads_to_no_stranger(client_for, people, short_link, url):
    browser = client_for(people.acme_member)
    query = urlencode({"next": url})
    answer = browser.post(f"/reauthenticate/?{query}", {"password": "correct horse", "next": url})
    assert (answer.status_code, answer["Location"]) == (302, "/go/")


def test_the_way_into_a_workspace_asks_nobody_where_to(client_for, people):
    answer = client_for(people.acme_member).get("/go/?next=https://evil.example/")
    assert answer["Location"] == f"http://{ACME}/"


@pytest.mark.parametrize("path", ["//%5Bx", "//[x", "http://[", "%00", "a" * 9000])
@pytest.mark.parametrize("page", ["/login/", "/signup/", "/logout/", "/login/code/", "/go/"])
def test_an_address_that_nobody_can_read_is_no_error(client_for, people, page, path):
    for user in (None, people.acme_member):
        assert client_for(user).get(f"{page}?next={quote(path)}").status_code in {200, 302}


def test_a_link_signs_nobody_out(client_for, people, acme):
    for host in (None, acme):
        browser = client_for(people.acme_member, host)
        for method in (browser.get, browser.head):
            method("/logout/")
            method("/identity/o/logout")
        assert "_auth_user_id" in browser.session


def test_a_link_confirms_no_address(client_for, people):
    address = EmailAddress.objects.create(user=people.outsider, email="two@example.com")
    key = EmailConfirmationHMAC(address).key
    for user in (None, people.outsider):
        assert client_for(user).get(f"/confirm-email/{key}/").status_code == 200
        client_for(user).head(f"/confirm-email/{key}/")
    address.refresh_from_db()
    assert not address.verified
