"""After the days of grace nothing of a workspace is left but what the law wants, and a receipt."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

import events
from events.models import OutboxEvent
from identity.models import Person, PersonAlias, User
from identity.persons import identify, person_of
from metering import statements
from metering.models import Alert, Ledger
from tenants import audit
from tenants.archive import exports
from tenants.keys import api_keys
from tenants.life import deletion, purge
from tenants.members import membership
from tenants.models import ApiKey, Domain, Role, Status, Tenant
from tenants.models.archives import Export, PurgeReceipt
from tests.events.log import (  # noqa: F401 (fixtures)
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.tenants.archive import world

LATER = timedelta(days=40)


@pytest.fixture
def deleted(umbrella: Tenant, owner: User, log) -> Tenant:  # type: ignore[no-untyped-def] # noqa: F811
    """A workspace with everything in it that a workspace leaves; its grace is over at `LATER`."""
    api_keys.create(umbrella, name="CI", user=owner)
    membership.invite(umbrella, email="friend@example.org", role=Role.MEMBER, by=owner)
    Alert.objects.create(tenant=umbrella, meter="clicks", percent=50)
    audit.note(umbrella, "member.invited", by=owner)
    exports.make(exports.ask(umbrella, by=owner, with_events=False).pk)
    deletion.delete(umbrella, by=owner)
    umbrella.refresh_from_db()
    log.settle()
    return umbrella


def purged(tenant: Tenant) -> PurgeReceipt:
    mail.outbox.clear()
    receipt = purge.purge(tenant, now=timezone.now() + LATER)
    assert receipt is not None
    return PurgeReceipt.objects.get(pk=receipt.pk)


def test_nothing_of_it_is_left_but_a_row_without_a_name(deleted, owner, log):  # noqa: F811
    hosts = list(Domain.objects.filter(tenant=deleted).values_list("domain", flat=True))
    schema, export = deleted.schema_name, Export.objects.for_tenant(deleted).get()
    assert log.query(f"SELECT count(*) FROM event WHERE tenant = '{schema}'")[0][0] > 0  # noqa: S608
    purged(deleted)
    assert not Tenant.objects.filter(pk=deleted.pk).exists()
    left = Tenant.with_purged.get(pk=deleted.pk)
    assert "umbrella" not in f"{left.name} {left.slug}".lower()
    assert rows_naming(deleted) == {"tenants_purgereceipt": 1, "billing_account": 1}
    assert not any(name.startswith(schema) for name in world.folders())
    assert not exports.storage().exists(export.stored_as)
    assert log.query(f"SELECT count(*) FROM event WHERE tenant = '{schema}'") == [(0,)]  # noqa: S608
    assert log.query(f"SELECT count(*) FROM rollup_day WHERE tenant = '{schema}'") == [(0,)]  # noqa: S608
    assert not OutboxEvent.objects.filter(payload__contains=schema).exists()
    assert not schema_exists(schema)
    assert Client(headers={"host": hosts[0]}).get("/").status_code == 404


def rows_naming(tenant: Tenant) -> dict[str, int]:
    """Shared tables with rows of the workspace."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        found = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE tenant_id = %s', [tenant.pk])  # noqa: S608
            if count := cursor.fetchone()[0]:
                found[table] = count
    return found


def schema_exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [name])
        return cursor.fetchone() is not None


def test_the_receipt_says_what_how_much_and_when_and_can_be_checked(deleted):
    receipt = purged(deleted)
    removed = receipt.body["removed"]
    assert removed["files"] == 3
    assert removed["exports"] == 1
    assert removed["bytes"] > 20_000
    assert removed["events"] > 5
    assert removed["tables"] == {"product_file": 3, "product_link": 5}
    assert removed["tenants.ApiKey"] == removed["tenants.Invitation"] == 1
    assert removed["people"] == 1
    assert len(removed["audit_log_sha256"]) == 64
    assert receipt.hash == purge.digest(receipt.body)
    assert receipt.body["purged_at"] > receipt.body["deleted_at"]


def test_the_owner_gets_the_receipt_and_their_address_is_forgotten(deleted, owner):
    receipt = purged(deleted)
    [letter] = mail.outbox
    assert letter.to == [owner.email]
    assert receipt.hash in letter.body
    assert receipt.mail_to == []
    text = json.dumps([receipt.body, receipt.counted])
    assert owner.email not in text


def test_who_is_nowhere_else_is_removed_and_who_is_somewhere_else_stays(deleted, owner, log):  # noqa: F811
    friend, staff = world.a_person("friend"), world.a_person("staff")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    elsewhere = world.a_workspace(friend, name="Elsewhere")
    for each in (friend, staff):
        membership.add_member(deleted, user=each, role=Role.MEMBER)
    person = person_of(owner)
    purged(deleted)
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not Person.objects.filter(pk=person.pk).exists()
    assert User.objects.filter(pk__in=[friend.pk, staff.pk]).count() == 2
    assert elsewhere.memberships.count() == 1


def test_what_the_removed_people_did_on_the_site_is_removed_too(deleted, owner, log):  # noqa: F811
    browser = PersonAlias._meta.pk.get_default()
    identify(owner, anonymous_id=browser)
    log.settle()
    seen = f"SELECT count(*) FROM event WHERE anonymous_id = '{browser}'"  # noqa: S608
    assert log.query(seen) == [(1,)]
    purged(deleted)
    assert log.query(seen) == [(0,)]


def test_sessions_of_the_removed_and_on_its_own_domains_end(deleted, owner):
    def session(**said: str) -> str:
        store = SessionStore()
        store.update(said)
        store.create()
        return store.session_key or ""

    host = Domain.objects.filter(tenant=deleted).first().domain
    gone = [session(_auth_user_id=str(owner.pk)), session(_host=host)]
    stays = session(_host="other.example")
    purged(deleted)
    left = set(Session.objects.filter(pk__in=[*gone, stays]).values_list("pk", flat=True))
    assert left == {stays}


def test_statements_stay_with_the_reason(deleted):
    Ledger.objects.create(
        tenant=deleted, closed_until=timezone.now(), due=timezone.now() - timedelta(days=9)
    )
    receipt = purged(deleted)
    kept = {each["what"]: each for each in receipt.body["kept"]}
    assert "tax law" in kept["metering.Ledger"]["why"]
    statements.close_due()
    assert not deleted.statements.exists(), "nothing more is stated of it"


def test_before_its_time_nothing_is_purged(umbrella, owner):
    with pytest.raises(purge.NotDue):
        purge.purge(umbrella, now=timezone.now() + LATER)
    deletion.delete(umbrella, by=owner)
    with pytest.raises(purge.NotDue):
        purge.purge(umbrella)
    assert purge.due() == []
    assert schema_exists(umbrella.schema_name)


def test_an_unpaid_end_of_a_subscription_holds_the_purge_up(deleted):
    account = deleted.billing_account
    account.subscription_id, account.status = "sub_1", "active"
    account.save()
    assert purge.purge_due(now=timezone.now() + LATER) == 0
    assert schema_exists(deleted.schema_name)
    account.cancel_at = timezone.now()
    account.save()
    assert purge.purge_due(now=timezone.now() + LATER) == 1


def test_a_second_purge_changes_nothing(deleted):
    receipt = purged(deleted)
    again = purge.purge(Tenant.with_purged.get(pk=deleted.pk))
    assert (again.pk, again.hash) == (receipt.pk, receipt.hash)
    assert purge.due(now=timezone.now() + LATER) == []


def test_events_that_were_still_on_their_way_go_an_hour_later(deleted, log):  # noqa: F811
    purged(deleted)
    events.record("Link Clicked", tenant=deleted, properties={"link_id": deleted.pk, "code": "a"})
    log.settle()
    later = timezone.now() + LATER + timedelta(hours=2)
    purge.purge_due(now=later)
    assert log.query("SELECT count(*) FROM event") == [(0,)]
    assert PurgeReceipt.objects.get(tenant=deleted).counted == {"late": 1}


def test_the_keys_work_no_longer_from_the_first_step_on(deleted):
    assert ApiKey.objects.for_tenant(deleted).exists()
    purge._begin(deleted, timezone.now() + LATER)
    assert not ApiKey.objects.for_tenant(deleted).exists()
    assert not Domain.objects.filter(tenant=deleted).exists()
    assert Tenant.objects.get(pk=deleted.pk).status == Status.PURGING
