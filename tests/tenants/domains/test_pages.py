"""The pages: who may see them, what they say is missing, the primary address."""

from __future__ import annotations

import pytest
from django.conf import settings

from tenants import workspace_url
from tenants.domains import allowance, checking, claims
from tenants.domains.models import CustomDomain
from tenants.domains.tasks import check_domains
from tenants.models.life import AuditEntry
from tests.tenants.domains.conftest import NAME


@pytest.fixture
def owner(client_for, people, acme):
    return client_for(people.acme_owner, acme)


def page(client, claim) -> str:
    return client.get(f"/settings/domains/{claim.pk}/").content.decode()


def test_an_owner_adds_a_domain_and_reads_what_to_do(owner, acme):
    allowance.set_allowed(acme, 1)
    response = owner.post("/settings/domains/", {"name": "Links.Acme-Corp.com"}, follow=True)
    text = response.content.decode()
    claim = CustomDomain.objects.for_tenant(acme).get()
    assert claim.name == NAME
    assert claim.proof_value in text
    assert f"_plg-proof.{NAME}" in text
    assert settings.CUSTOM_DOMAIN_TARGET in text
    assert AuditEntry.objects.for_tenant(acme).filter(action="domain.added").exists()


def test_a_wrong_name_is_refused_in_words(owner, acme):
    allowance.set_allowed(acme, 1)
    response = owner.post("/settings/domains/", {"name": "co.uk"})
    assert response.status_code == 422
    assert "belongs to everybody" in response.content.decode()


def test_without_a_plan_the_page_says_so(owner, acme):
    assert "A larger plan includes one" in owner.get("/settings/domains/").content.decode()
    assert owner.post("/settings/domains/", {"name": NAME}).status_code == 422


@pytest.mark.parametrize("path", ["", "check/", "primary/", "remove/"])
def test_admins_and_members_may_not_others_find_nothing(
    client_for, people, outsider, acme, globex, claimed, path
):
    address = f"/settings/domains/{claimed.pk}/{path}"
    method = "post" if path else "get"
    assert getattr(client_for(people.acme_member, acme), method)(address).status_code == 403
    assert getattr(client_for(outsider, acme), method)(address).status_code == 404
    assert getattr(client_for(people.globex_owner, globex), method)(address).status_code == 404
    assert CustomDomain.objects.filter(pk=claimed.pk).exists()


def test_the_page_says_exactly_what_is_missing(owner, claimed, resolver):
    assert "We have not looked yet" in page(owner, claimed)
    owner.post(f"/settings/domains/{claimed.pk}/check/")
    assert "We are looking at DNS" in page(owner, claimed)
    assert resolver.asked == 0, "a request never waits for DNS"
    check_domains()
    assert "We are looking at DNS" not in page(owner, claimed)
    assert "There is no TXT record" in page(owner, claimed)
    assert "It leads nowhere yet" in page(owner, claimed)
    resolver.has(claimed.proof_name, "TXT", "v=spf1 -all")
    resolver.has(NAME, "A", "198.51.100.7")
    checking.check(claimed)
    text = page(owner, claimed)
    assert "another TXT record under this name: “v=spf1 -all”" in text
    assert "It leads to 198.51.100.7" in text
    resolver.mood = "away"
    checking.check(claimed)
    assert "No DNS server answered" in page(owner, claimed)


def test_a_look_by_hand_is_not_repeated_at_once(owner, claimed, resolver):
    asked = 0
    for turn in "ab":
        owner.post(f"/settings/domains/{claimed.pk}/check/")
        check_domains()
        asked = resolver.asked if turn == "a" else asked
    assert resolver.asked == asked


def test_a_served_domain_may_become_the_primary_one(owner, served, acme, resolver):
    owner.post(f"/settings/domains/{served.pk}/primary/", {"use": "shown"})
    acme.refresh_from_db()
    assert workspace_url(acme, "/x") == f"http://{NAME}{settings.PUBLIC_PORT_SUFFIX}/x"
    assert owner.get("/links/").status_code == 200, "the other address goes on"
    resolver.has(NAME, "CNAME", "old-host.example.net.")
    checking.check(served)
    acme.refresh_from_db()
    assert "acme." in workspace_url(acme), "an address that leads elsewhere is not shown"


def test_its_other_address_may_lead_there(
    owner, served, client_for, outsider, acme, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(f"/settings/domains/{served.pk}/primary/", {"use": "leads"})
    response = owner.get("/links/?page=2")
    assert response["Location"] == f"http://{NAME}{settings.PUBLIC_PORT_SUFFIX}/links/?page=2"
    after_a_form = owner.get("/links/", headers={"Sec-Fetch-Site": "same-site"})
    assert after_a_form.status_code == 200
    assert 'http-equiv="refresh"' in after_a_form.content.decode()
    assert owner.get("/settings/domains/").status_code == 200, "where it can be repaired"
    assert client_for(outsider, acme).get("/links/").status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        owner.post(f"/settings/domains/{served.pk}/primary/", {"use": "no"})
    assert owner.get("/links/").status_code == 200


def test_an_unproved_domain_cannot_be_the_primary_one(owner, claimed, acme):
    owner.post(f"/settings/domains/{claimed.pk}/primary/", {"use": "leads"})
    acme.refresh_from_db()
    assert acme.own_domain == ""


def test_removing_it_is_one_click_and_is_in_the_audit_log(owner, served, acme, on):
    owner.post(f"/settings/domains/{served.pk}/primary/", {"use": "leads"})
    owner.post(f"/settings/domains/{served.pk}/remove/")
    acme.refresh_from_db()
    assert acme.own_domain == ""
    assert on().get("/").status_code == 404
    assert AuditEntry.objects.for_tenant(acme).filter(action="domain.removed").exists()


def test_a_stopped_domain_tells_its_visitors(served, on, acme):
    from tenants.domains import service
    from tenants.domains.models import Because

    service.end(served, because=Because.PLAN)
    served.save()
    text = on().get("/").content.decode()
    assert "domain of its own" in text
    assert acme.slug not in text


def test_short_links_work_there_with_a_cookie_of_the_domain(served, people, acme, on):
    from product import links
    from tenants import schema

    schema.enter(acme)
    wanted = links.NewLink(target_url="https://example.org/")
    link, _ = links.create_link(acme, wanted, person_id=people.acme_owner.person.pk)
    schema.leave()
    response = on().get(f"/{link.code}")
    assert response["Location"] == "https://example.org/"
    for cookie in response.cookies.values():
        assert cookie["domain"] == ""
    page = on().get("/no-such-link")
    assert page.cookies["plg_aid"]["domain"] == ""


def test_the_same_name_twice_is_said(owner, acme, claimed, people):
    allowance.set_allowed(acme, 2)
    with pytest.raises(claims.Refused, match="already"):
        claims.add(acme, NAME, by=people.acme_owner)


def test_members_of_a_suspended_workspace_may_sign_in_to_read_why(served, on, acme):
    from tenants.models import Status

    acme.status = Status.SUSPENDED
    acme.save()
    assert on().get("/links/")["Location"].startswith("/sign-in/")
    assert settings.SITE_URL in on().get("/sign-in/")["Location"]
