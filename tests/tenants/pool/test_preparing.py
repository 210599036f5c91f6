"""An empty pool: everybody is accepted, sees how far it is, and is in within seconds."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_exists, tenant_context

from identity.models import User
from product.models import Link
from tenants.models import PoolSchema, SchemaTemplate, Status, Tenant
from tenants.pool import fingerprints, preparing, schemas, templates
from tenants.pool.templates import Template
from tenants.signing_up import provisioning
from tenants.signing_up.provisioning import NewWorkspace
from tests.tenants.signing_up.form import loaded


@pytest.fixture
def owner(people) -> User:
    return people.outsider


@pytest.fixture
def waiting(owner) -> Tenant:
    """A workspace that somebody signed up for just now, while no schema was ready."""
    PoolSchema.objects.all().delete()
    wanted = NewWorkspace(name="Patience", slug=f"wait-{uuid4().hex[:6]}", may_wait=True)
    return provisioning.create_workspace(wanted, owner=owner)


@pytest.fixture
def client(client_for, owner, waiting, monkeypatch) -> Client:
    # However slow this machine is: no page helps itself, unless that is what a test is about.
    monkeypatch.setattr(preparing, "HELP_AFTER", timedelta(minutes=5))
    return client_for(owner, waiting)


def since(tenant: Tenant, seconds: float) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(
        created_at=timezone.now() - timedelta(seconds=seconds)
    )


def test_it_is_accepted_without_a_schema(waiting):
    assert waiting.status == Status.PREPARING
    assert not schema_exists(waiting.schema_name)


def test_a_sign_up_with_an_empty_pool_makes_no_schema_itself(client_for):
    PoolSchema.objects.all().delete()
    slug = f"empty-{uuid4().hex[:6]}"
    form = {"name": "Nora", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    form |= loaded()
    person = client_for()
    assert person.post("/signup/", form).status_code == 302
    made = Tenant.objects.get(slug=slug)
    assert made.status == Status.PREPARING
    assert person.get("/go/")["Location"].startswith(f"http://{slug}.")


def test_also_without_a_migrated_template(client_for):
    PoolSchema.objects.all().delete()
    SchemaTemplate.objects.all().delete()
    slug = f"none-{uuid4().hex[:6]}"
    form = {"name": "Nora", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    form |= loaded()
    assert client_for().post("/signup/", form).status_code == 302
    assert Tenant.objects.get(slug=slug).status == Status.PREPARING


def test_the_oldest_is_made_first(owner, waiting):
    later = provisioning.create_workspace(NewWorkspace("Later", may_wait=True), owner=owner)
    since(waiting, 10)
    assert preparing.prepare_next(failed=set())
    waiting.refresh_from_db()
    later.refresh_from_db()
    assert (waiting.status, later.status) == (Status.ACTIVE, Status.PREPARING)


def test_it_becomes_what_was_asked_for(owner):
    PoolSchema.objects.all().delete()
    wanted = NewWorkspace("Campaign", template="campaign", may_wait=True)
    tenant = provisioning.create_workspace(wanted, owner=owner)
    assert preparing.prepare_all() == 1
    tenant.refresh_from_db()
    assert (tenant.status, tenant.fingerprint) == (Status.ACTIVE, fingerprints.of_migrations())
    with tenant_context(tenant):
        assert Link.objects.filter(code="sample-poster").exists()


def test_one_that_cannot_be_made_stays_in_line_and_holds_up_nobody(owner, waiting, monkeypatch):
    def broken() -> None:
        raise RuntimeError("This template is broken.")

    monkeypatch.setattr(templates, "EMPTY", Template("empty", furnish=broken))
    wanted = NewWorkspace("Broken", template="empty", may_wait=True)
    stuck = provisioning.create_workspace(wanted, owner=owner)
    since(stuck, 10)
    assert preparing.prepare_all() == 1
    stuck.refresh_from_db()
    waiting.refresh_from_db()
    assert (stuck.status, waiting.status) == (Status.PREPARING, Status.ACTIVE)
    assert not schema_exists(stuck.schema_name)


def test_every_page_says_how_far_it_is(client, owner, waiting):
    first = provisioning.create_workspace(NewWorkspace("First", may_wait=True), owner=owner)
    since(first, 2)
    for path in ("/", "/members/", "/preparing/"):
        answer = client.get(path)
        assert answer.status_code == 202
        assert "Patience is being prepared" in answer.content.decode()
        assert "One workspace is made before yours" in answer.content.decode()
        assert answer["Retry-After"]
        assert "no-store" in answer["Cache-Control"]


def test_the_page_refreshes_itself_without_javascript_too(client):
    page = client.get("/").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert 'hx-get="/preparing/"' in page


def test_the_part_that_asks_again_is_told_to_open_the_workspace(client, waiting):
    ask = {"HX-Request": "true"}
    part = client.get("/preparing/", headers=ask).content.decode()
    assert "Yours is being made, or the next one" in part
    assert "<html" not in part
    preparing.prepare_all()
    assert client.get("/preparing/", headers=ask)["HX-Redirect"] == "/"
    assert client.get("/preparing/")["Location"] == "/"


def test_it_opens_as_soon_as_it_is_there_also_when_a_process_remembers_it_as_waiting(
    client, waiting
):
    assert client.get("/").status_code == 202
    # Made by another process whose news did not arrive.
    schemas.make(waiting.schema_name, template=templates.listed()[0])
    Tenant.objects.filter(pk=waiting.pk).update(status=Status.ACTIVE)
    assert client.get("/").status_code == 200


def test_a_page_that_waits_for_long_makes_the_workspace_itself(client, waiting):
    """No worker runs here, or all of them are busy."""
    since(waiting, 301)
    assert client.get("/").status_code == 200
    waiting.refresh_from_db()
    assert waiting.status == Status.ACTIVE


def test_one_that_takes_long_is_told_so(client, waiting):
    SchemaTemplate.objects.all().delete()  # not even the page can help
    since(waiting, 30)
    page = client.get("/").content.decode()
    assert "This takes longer than it should" in page


def test_a_form_sent_to_it_is_not_taken(client):
    assert client.post("/members/invite/", {"email": "a@example.org"}).status_code == 503


def test_others_find_nothing(client_for, people, waiting):
    assert client_for(people.acme_owner, waiting).get("/").status_code == 404
    assert client_for(None, waiting).get("/sample").status_code == 404
    assert "/login/" in client_for(None, waiting).get("/")["Location"]


def test_its_owner_can_sign_out(client):
    assert client.post("/logout/").status_code in {200, 302}
