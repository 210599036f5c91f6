"""A new address: the old one leads to it, and is nobody else's for a time."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from django_tenants.utils import tenant_context

from product.models import Link
from tenants import workspace_url
from tenants.keys import api_keys
from tenants.life import moving
from tenants.models import Domain, Tenant
from tenants.signing_up import provisioning


@pytest.fixture
def moved(people, acme, django_capture_on_commit_callbacks) -> Tenant:
    """Acme lives at "apex" now; `acme` is what it was."""
    with django_capture_on_commit_callbacks(execute=True):
        return moving.move(acme, slug="apex", by=people.acme_owner)


def test_an_owner_moves_the_workspace_and_is_led_there(client_for, people, acme, noted):
    client = client_for(people.acme_owner, acme)
    answer = client.post("/settings/address/", {"slug": "Apex"})
    acme.refresh_from_db()
    assert acme.slug == "apex"
    assert answer["Location"] == workspace_url(acme, "/settings/")
    assert noted() == ["workspace.moved"]


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/links/?q=a%20b", "/", "/usage/clicks/"])
def test_the_old_address_leads_to_the_same_path(client_for, people, acme, moved, method, path):
    answer = getattr(client_for(people.acme_owner, acme), method)(path)
    assert answer.status_code == 302  # not for good: one day it may be somebody else's
    assert answer["Location"] == workspace_url(moved, path)


def test_sessions_go_on_at_the_new_address(client_for, people, acme, moved):
    client = client_for(people.acme_member, acme)
    assert client.get("/", headers={"host": "apex." + _domain(acme)}).status_code == 200


def test_a_form_sent_to_the_old_address_changes_nothing_and_says_so(
    client_for, people, acme, moved
):
    answer = client_for(people.acme_owner, acme).post("/settings/", {"name": "X"})
    assert answer.status_code == 409
    assert "new address" in answer.content.decode()
    assert Tenant.objects.get(pk=acme.pk).name == "Acme"


def test_a_short_link_on_a_poster_still_works_in_one_step(client_for, people, acme, moved):
    with tenant_context(moved):
        Link.objects.create(code="poster1", target_url="https://example.com/", created_by=uuid4())
    assert client_for(None, acme).get("/poster1")["Location"] == "https://example.com/"


def test_a_program_keeps_working_at_the_old_address(client_for, people, acme, moved):
    _, secret = api_keys.create(moved, name="website", user=people.acme_owner)
    answer = client_for(None, acme).get(
        "/api/v1/links", headers={"authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 200


def test_nobody_else_can_take_the_old_address(people, acme, moved, globex):
    assert provisioning.is_taken("acme")
    with pytest.raises(provisioning.SlugTaken):
        moving.move(globex, slug="acme", by=people.globex_owner)
    with pytest.raises(provisioning.SlugTaken):
        provisioning.create_workspace(
            provisioning.NewWorkspace(name="Fake", slug="acme"), owner=people.outsider
        )


def test_a_name_that_suggests_the_old_address_gets_another(people, acme, moved):
    made = provisioning.create_workspace(
        provisioning.NewWorkspace(name="Acme"), owner=people.outsider
    )
    assert made.slug == "acme-2"


def test_after_its_time_the_old_address_is_free(people, acme, moved):
    assert moving.forget_former(now=timezone.now() + timedelta(days=89)) == 0
    assert moving.forget_former(now=timezone.now() + timedelta(days=91)) == 1
    assert not provisioning.is_taken("acme")


def test_it_may_go_back_to_its_own_old_address(people, acme, moved):
    back = moving.move(moved, slug="acme", by=people.acme_owner)
    assert back.slug == "acme"
    rows = dict(Domain.objects.filter(tenant=acme).values_list("domain", "former_until"))
    assert rows["acme." + _domain(acme)] is None
    assert rows["apex." + _domain(acme)] is not None
    assert Domain.objects.get(tenant=acme, is_primary=True).domain == "acme." + _domain(acme)


def test_addresses_are_not_collected(people, acme):
    for slug in ("one-1", "two-2", "three-3"):
        acme = moving.move(acme, slug=slug, by=people.acme_owner)
    with pytest.raises(moving.MovedTooOften, match="moved 3 times"):
        moving.move(acme, slug="four-4", by=people.acme_owner)
    assert moving.move(acme, slug="one-1", by=people.acme_owner).slug == "one-1"


@pytest.mark.parametrize("slug", ["www", "a", "No Spaces", "-x-", "xn--abc"])
def test_an_address_that_nobody_may_have_is_refused(people, acme, slug):
    with pytest.raises(ValidationError):
        moving.move(acme, slug=slug, by=people.acme_owner)


def test_an_address_in_use_is_refused_in_words(client_for, people, acme, globex):
    answer = client_for(people.acme_owner, acme).post("/settings/address/", {"slug": "globex"})
    assert answer.status_code == 422
    assert "taken" in answer.content.decode()


def test_an_admin_renames_and_does_not_move(client_for, acme, admin, noted):
    client = client_for(admin, acme)
    assert client.post("/settings/address/", {"slug": "apex"}).status_code == 403
    client.post("/settings/", {"name": "Apex", "time_zone": "Europe/Berlin"})
    assert Tenant.objects.get(pk=acme.pk).name == "Apex"
    assert noted() == ["workspace.renamed", "workspace.time_zone_changed"]


def test_saving_what_is_there_already_is_no_news(client_for, people, acme, noted):
    client_for(people.acme_owner, acme).post("/settings/", {"name": "Acme", "time_zone": "UTC"})
    assert noted() == []


def _domain(tenant: Tenant) -> str:
    return re.sub(r"^[^.]+\.", "", Domain.objects.filter(tenant=tenant)[0].domain)
