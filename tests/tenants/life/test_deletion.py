"""Deleted: closed at once, and brought back by an owner from a page or from the mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tenants.keys import api_keys
from tenants.life import deletion
from tenants.models import Membership, Role, Status, Tenant


def now_of(acme: Tenant) -> Tenant:
    return Tenant.objects.get(pk=acme.pk)


@pytest.fixture
def deleted(client_for, people, acme, noted, django_capture_on_commit_callbacks) -> Tenant:
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_owner, acme).post("/settings/delete/", {"name": "Acme"})
    return now_of(acme)


@pytest.fixture
def link(deleted) -> str:
    """The path in the owner's mail."""
    found = re.search(r"/workspaces/restore/[\w:.-]+/", mail.outbox[-1].body)
    assert found is not None
    return found.group(0)


@pytest.mark.parametrize("typed", ["", "acme", "Globex", "Acme!"])
def test_it_is_not_deleted_without_its_name(client_for, people, acme, typed):
    answer = client_for(people.acme_owner, acme).post("/settings/delete/", {"name": typed})
    assert answer.status_code == 422
    assert now_of(acme).status == Status.ACTIVE


def test_an_admin_does_not_delete(client_for, acme, admin):
    assert client_for(admin, acme).post("/settings/delete/", {"name": "Acme"}).status_code == 403
    assert now_of(acme).status == Status.ACTIVE


def test_it_closes_at_once_and_is_kept_for_thirty_days(client_for, people, acme, deleted, noted):
    assert deleted.status == Status.DELETED
    assert deleted.purge_after - deleted.deleted_at == timedelta(days=30)
    answer = client_for(people.acme_member, acme).get("/links/")
    assert answer.status_code == 410
    assert "removed for good" in answer.content.decode()
    assert "Undo the deletion" not in answer.content.decode()
    assert client_for(people.globex_owner, acme).get("/").status_code == 404
    assert noted() == ["workspace.deleted"]


def test_its_api_says_it_as_a_problem(client_for, people, acme, deleted):
    _, secret = api_keys.create(acme, name="website", user=people.acme_owner)
    answer = client_for(None, acme).get(
        "/api/v1/links", headers={"authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:problem:workspace-deleted"


def test_an_owner_undoes_it_on_the_page(
    client_for, people, acme, deleted, noted, django_capture_on_commit_callbacks
):
    client = client_for(people.acme_owner, acme)
    assert "Undo the deletion" in client.get("/").content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/settings/restore/")
    assert (now_of(acme).status, now_of(acme).purge_after) == (Status.ACTIVE, None)
    assert client.get("/").status_code == 200
    assert noted() == ["workspace.deleted", "workspace.restored"]


def test_an_owner_undoes_it_from_the_list_of_workspaces(client_for, people, acme, deleted):
    client = client_for(people.acme_owner)
    assert "gone for good on" in client.get("/workspaces/").content.decode()
    client.post(f"/workspaces/{acme.pk}/restore/")
    assert now_of(acme).status == Status.ACTIVE


def test_opening_the_link_of_the_mail_undoes_nothing(client_for, acme, link):
    assert client_for().get(link).status_code == 200
    assert now_of(acme).status == Status.DELETED


def test_the_link_of_the_mail_undoes_it_with_a_click(client_for, people, acme, link):
    client_for().post(link)
    assert now_of(acme).status == Status.ACTIVE
    assert client_for().post(link).status_code == 404  # there is nothing left to undo


def test_the_link_of_who_is_no_owner_any_more_leads_nowhere(client_for, people, acme, link):
    Membership.objects.filter(tenant=acme, user=people.acme_owner).update(role=Role.MEMBER)
    assert client_for().post(link).status_code == 404
    assert now_of(acme).status == Status.DELETED


def test_a_link_that_was_tampered_with_leads_nowhere(client_for, acme, link):
    assert client_for().post(link[:-3] + "xx/").status_code == 404
    assert client_for().post("/workspaces/restore/x/").status_code == 404


@pytest.mark.parametrize("who", ["acme_member", "globex_owner"])
def test_nobody_else_undoes_it(client_for, people, acme, deleted, who):
    user = getattr(people, who)
    client_for(user, acme).post("/settings/restore/")
    client_for(user).post(f"/workspaces/{acme.pk}/restore/")
    assert now_of(acme).status == Status.DELETED


def test_what_is_being_purged_cannot_be_brought_back(client_for, people, acme, deleted, link):
    Tenant.objects.filter(pk=acme.pk).update(status=Status.PURGING)
    assert not deletion.restore(acme, by=people.acme_owner)
    assert client_for().post(link).status_code == 404
    assert client_for(people.acme_owner, acme).get("/").status_code == 410


def test_owners_are_warned_once_shortly_before_the_end(
    deleted, people, django_capture_on_commit_callbacks
):
    mail.outbox.clear()
    soon = deleted.purge_after - timedelta(days=3)
    with django_capture_on_commit_callbacks(execute=True):
        assert deletion.warn(now=soon - timedelta(minutes=1)) == 0
        assert deletion.warn(now=soon + timedelta(minutes=1)) == 1
        assert deletion.warn(now=soon + timedelta(hours=1)) == 0
    assert [message.to for message in mail.outbox] == [[people.acme_owner.email]]
    assert "/workspaces/restore/" in mail.outbox[0].body


def test_deleting_twice_does_not_begin_the_days_again(people, acme, deleted):
    later = deletion.delete(acme, by=people.acme_owner, now=timezone.now() + timedelta(days=9))
    assert later.purge_after == deleted.purge_after


def test_after_sign_in_nobody_is_led_into_a_deleted_workspace(client_for, people, deleted):
    assert client_for(people.acme_owner).get("/go/")["Location"].endswith("/workspaces/")
