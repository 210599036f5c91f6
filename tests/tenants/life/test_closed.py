"""Suspended by staff: members read why, nobody else finds anything, and it comes back as it was."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail
from django_tenants.utils import tenant_context

from product import destinations
from product.models import Link
from tenants.keys import api_keys
from tenants.life import suspension
from tenants.models import Status, Tenant

WHY = "Links to a page that steals passwords."


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.fixture
def suspended(people, acme, django_capture_on_commit_callbacks) -> Tenant:
    with django_capture_on_commit_callbacks(execute=True):
        suspension.suspend(acme, because=WHY, by=people.outsider)
    return Tenant.objects.get(pk=acme.pk)


def test_staff_suspends_with_a_reason_and_resumes(
    staff, acme, noted, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        staff.post(f"/staff/workspaces/{acme.pk}/suspend/", {"because": WHY})
    assert Tenant.objects.get(pk=acme.pk).status == Status.SUSPENDED
    assert WHY in staff.get("/staff/workspaces/?q=acme").content.decode()
    assert WHY in mail.outbox[-1].body
    staff.post(f"/staff/workspaces/{acme.pk}/resume/")
    assert Tenant.objects.get(pk=acme.pk).status == Status.ACTIVE
    assert noted() == ["workspace.suspended", "workspace.resumed"]


def test_nobody_is_suspended_without_a_reason(staff, acme):
    staff.post(f"/staff/workspaces/{acme.pk}/suspend/", {"because": " "})
    assert Tenant.objects.get(pk=acme.pk).status == Status.ACTIVE


@pytest.mark.parametrize("action", ["suspend", "resume"])
def test_only_staff_suspends_and_resumes(client_for, people, acme, action):
    client = client_for(people.acme_owner)
    assert client.get("/staff/workspaces/").status_code == 404
    answer = client.post(f"/staff/workspaces/{acme.pk}/{action}/", {"because": WHY})
    assert answer.status_code == 404
    assert Tenant.objects.get(pk=acme.pk).status == Status.ACTIVE


@pytest.mark.parametrize("path", ["/", "/links/", "/settings/", "/members/", "/billing/"])
def test_members_read_the_reason_on_every_page(client_for, people, acme, suspended, path):
    for user in (people.acme_owner, people.acme_member):
        answer = client_for(user, acme).get(path)
        assert answer.status_code == 403
        assert WHY in answer.content.decode()


def test_outsiders_are_told_nothing(client_for, people, acme, suspended):
    answer = client_for(people.globex_owner, acme).get("/")
    assert answer.status_code == 404
    assert WHY not in answer.content.decode()


def test_nothing_can_be_changed_meanwhile(client_for, people, acme, suspended):
    answer = client_for(people.acme_owner, acme).post("/settings/", {"name": "X"})
    assert answer.status_code == 403
    assert Tenant.objects.get(pk=acme.pk).name == "Acme"


def test_its_links_stop_at_once_also_those_known_by_heart(
    client_for, people, acme, django_capture_on_commit_callbacks
):
    with tenant_context(acme):
        Link.objects.create(code="danger1", target_url="https://evil.example/", created_by=uuid4())
    visitor = client_for(None, acme)
    assert visitor.get("/danger1").status_code == 302
    assert destinations.known(acme, "danger1")
    with django_capture_on_commit_callbacks(execute=True):
        suspension.suspend(acme, because=WHY, by=people.outsider)
    answer = visitor.get("/danger1")
    assert answer.status_code == 404
    assert "evil.example" not in answer.content.decode()
    assert WHY not in answer.content.decode()


def test_the_api_says_it_as_a_problem_to_who_has_a_key(client_for, people, acme, suspended):
    _, secret = api_keys.create(acme, name="website", user=people.acme_owner)
    visitor = client_for(None, acme)
    answer = visitor.get("/api/v1/links", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:problem:workspace-suspended"
    assert WHY in answer.json()["detail"]
    assert visitor.get("/api/v1/links").status_code == 401


def test_members_may_still_sign_out(client_for, people, acme, suspended):
    assert client_for(people.acme_member, acme).post("/logout/").status_code == 302


def test_a_resumed_workspace_works_as_before(
    client_for, people, acme, suspended, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        assert suspension.resume(suspended, by=people.outsider)
    assert client_for(people.acme_member, acme).get("/").status_code == 200
    assert not suspension.resume(suspended, by=people.outsider)
