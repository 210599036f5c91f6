"""A door for a mail domain lets people in while DNS shows that the domain is the workspace's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tenants.domains import dns
from tenants.members import doors
from tenants.models import JoinDomain, Role
from tenants.tasks import check_doors
from tests.tenants.domains.dns_server import DnsServer


@pytest.fixture
def resolver(settings, monkeypatch) -> Iterator[DnsServer]:
    server = DnsServer()
    settings.DNS_RESOLVERS = [server.address]
    monkeypatch.setattr(dns, "TIMEOUT", 0.3)
    yield server
    server.close()


@pytest.fixture
def door(client_for, people, acme, resolver) -> JoinDomain:
    """Asked for on the page; the record is not there."""
    client_for(people.acme_owner, acme).post("/members/doors/", {"domain": "acme.example"})
    return JoinDomain.objects.for_tenant(acme).get()


@pytest.fixture
def colleague(somebody):
    return somebody("new@acme.example")


def set_record(resolver: DnsServer, door: JoinDomain) -> None:
    from tenants.members import door_proofs

    resolver.has(door_proofs.name_of(door), "TXT", door_proofs.value_of(door))


def test_a_door_without_a_proof_lets_nobody_in_and_names_the_workspace_to_nobody(
    client_for, acme, door, colleague, role_of
):
    client = client_for(colleague)
    assert "Acme" not in client.get("/workspaces/").content.decode()
    assert client.post(f"/workspaces/{acme.pk}/join/").status_code == 404
    assert role_of(colleague) is None


def test_the_page_shows_the_record_and_a_worker_finds_it(
    client_for, people, acme, door, colleague, resolver, role_of, noted
):
    from tenants.members import door_proofs

    owner = client_for(people.acme_owner, acme)
    page = owner.get("/members/").content.decode()
    assert door_proofs.name_of(door) in page
    assert door_proofs.value_of(door) in page
    set_record(resolver, door)
    check_doors()
    assert "Waiting for the proof" not in owner.get("/members/").content.decode()
    client_for(colleague).post(f"/workspaces/{acme.pk}/join/")
    assert role_of(colleague) == Role.MEMBER
    assert "join_domain.proved" in noted()


def test_the_request_asks_no_dns(client_for, people, acme, door, resolver):
    client_for(people.acme_owner, acme).post(f"/members/doors/{door.pk}/check/")
    assert resolver.asked == 0
    assert (
        "We are looking for it"
        in client_for(people.acme_owner, acme).get("/members/").content.decode()
    )


def test_only_an_owner_has_it_looked_for(client_for, people, acme, globex, admin, outsider, door):
    path = f"/members/doors/{door.pk}/check/"
    assert client_for(admin, acme).post(path).status_code == 403
    assert client_for(outsider, acme).post(path).status_code == 404
    assert client_for(people.globex_owner, globex).post(path).status_code == 404


def test_somebody_elses_record_proves_nothing(people, globex, door, resolver, somebody):
    from tenants.members.membership import add_member

    add_member(globex, user=somebody("spy@acme.example"), role=Role.MEMBER)
    theirs = doors.open_door(globex, domain="acme.example", by=people.globex_owner)
    set_record(resolver, door)
    check_doors()
    theirs.refresh_from_db()
    assert theirs.proved_at is None


def test_a_record_that_is_gone_shuts_the_door_after_three_days_and_a_mail(
    people, acme, door, resolver, colleague, django_capture_on_commit_callbacks
):
    from tenants.members import door_proofs

    set_record(resolver, door)
    now = timezone.now()
    door_proofs.check_due(now=now)
    resolver.has(door_proofs.name_of(door), "TXT")
    with django_capture_on_commit_callbacks(execute=True):
        door_proofs.check_due(now=now + timedelta(days=2))
        door_proofs.check_due(now=now + timedelta(days=2, minutes=1))
    assert [each.to for each in mail.outbox] == [[people.acme_owner.email]]
    assert door_proofs.value_of(door) in mail.outbox[0].body
    opened = JoinDomain.objects.for_tenant(acme)
    assert opened.open(now=now + timedelta(days=4)).exists()
    assert not opened.open(now=now + timedelta(days=5, minutes=1)).exists()
    set_record(resolver, door)
    door_proofs.check_due(now=now + timedelta(days=6))
    assert opened.open(now=now + timedelta(days=7)).exists()


def test_resolvers_that_do_not_answer_shut_nothing(acme, door, resolver):
    from tenants.members import door_proofs

    set_record(resolver, door)
    now = timezone.now()
    door_proofs.check_due(now=now)
    resolver.mood = "away"
    door_proofs.check_due(now=now + timedelta(days=2))
    assert JoinDomain.objects.for_tenant(acme).open(now=now + timedelta(days=9)).exists()


def test_an_unproved_name_is_not_looked_up_for_ever(acme, door):
    from tenants.members import door_proofs

    now = timezone.now()
    door_proofs.check_due(now=now + timedelta(days=15))
    door.refresh_from_db()
    assert door.next_check_at is None


def test_a_door_that_was_open_before_the_upgrade_stays_so_for_a_month_and_its_owners_are_told(
    people, acme, door, django_capture_on_commit_callbacks
):
    from importlib import import_module

    from django.apps import apps

    from tenants.members import door_proofs

    import_module("tenants.migrations.0012_addresses_and_doors").ask_for_a_proof(apps, None)
    now = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        door_proofs.check_due(now=now)
    assert [each.to for each in mail.outbox] == [[people.acme_owner.email]]
    rows = JoinDomain.objects.for_tenant(acme)
    assert rows.open(now=now + timedelta(days=29)).exists()
    assert not rows.open(now=now + timedelta(days=31)).exists()


def test_one_record_is_enough_for_a_domain_that_serves_the_workspace(people, acme, somebody):
    from tenants.domains import allowance, claims
    from tenants.members import door_proofs
    from tenants.members.membership import add_member

    allowance.set_allowed(acme, 1)
    claim = claims.add(acme, "acme-corp.com", by=people.acme_owner)
    add_member(acme, user=somebody("a@acme-corp.com"), role=Role.MEMBER)
    made = doors.open_door(acme, domain="acme-corp.com", by=people.acme_owner)
    assert door_proofs.value_of(made) == claim.proof_value
