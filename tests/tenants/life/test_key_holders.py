"""An API key ends with its holder's right to make keys, unless it was handed over before."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.utils import timezone

from identity.proofs import merging
from tenants.keys import api_keys
from tenants.members import membership, ownership
from tenants.models import ApiKey, Membership


@pytest.fixture
def key(acme, admin):
    """A key that the admin has made, and whether it works: `key.works()`."""
    made, secret = api_keys.create(acme, name="website", user=admin)
    made.works = lambda: api_keys.find(acme, secret) is not None
    made.secret = secret
    return made


def by_the_page(client, path: str, **data: object):
    """The POST of the members page, and the answer to its question about keys."""
    asked = client.post(path, data)
    assert asked.status_code == 200, "it asks what becomes of the keys"
    assert "website" in asked.content.decode()
    return lambda to="": client.post(path, {**data, "keys": "settled", "to": to})


def merged(people, admin):
    """The admin never proved their address; else nobody would be joined."""
    EmailAddress.objects.filter(user=admin).update(verified=False)
    merging.merge(kept=people.outsider, merged=admin)


WAYS_OUT = {
    "removed": lambda client_for, people, acme, admin, seat: by_the_page(
        client_for(people.acme_owner, acme), f"/members/{seat(admin).pk}/remove/"
    )(),
    "demoted": lambda client_for, people, acme, admin, seat: by_the_page(
        client_for(people.acme_owner, acme), f"/members/{seat(admin).pk}/role/", role="member"
    )(),
    "left": lambda client_for, people, acme, admin, seat: by_the_page(
        client_for(admin, acme), "/members/leave/"
    )(),
    "account deleted": lambda client_for, people, acme, admin, seat: admin.delete(),
    "merged": lambda client_for, people, acme, admin, seat: merged(people, admin),
    "row deleted": lambda client_for, people, acme, admin, seat: seat(admin).delete(),
    "role written": lambda client_for, people, acme, admin, seat: Membership.objects.filter(
        user=admin
    ).update(role="member"),
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_key_ends_with_its_holders_right_however_that_ends(
    client_for, people, acme, admin, seat, key, way
):
    assert key.works()
    WAYS_OUT[way](client_for, people, acme, admin, seat)
    assert not key.works()
    answer = client_for(None, acme).get(
        "/api/v1/links", headers={"Authorization": f"Bearer {key.secret}"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("way", [way for way in WAYS_OUT if way not in ("role written", "merged")])
def test_it_does_not_come_back_with_the_right(client_for, people, acme, admin, seat, key, way):
    WAYS_OUT[way](client_for, people, acme, admin, seat)
    if way != "account deleted":
        Membership.objects.update_or_create(tenant=acme, user=admin, defaults={"role": "admin"})
    assert not key.works()


@pytest.mark.parametrize(
    ("path", "data"), [("remove/", {}), ("role/", {"role": "member"})], ids=["removed", "demoted"]
)
def test_whoever_removes_or_demotes_somebody_can_take_their_keys_over(
    client_for, people, acme, admin, seat, key, noted, path, data
):
    owner = seat(people.acme_owner)
    client = client_for(people.acme_owner, acme)
    by_the_page(client, f"/members/{seat(admin).pk}/{path}", **data)(owner.pk)
    assert key.works()
    key.refresh_from_db()
    assert key.holder == owner
    assert "api_key.handed_over" in noted()


def test_keys_are_not_handed_to_a_member_or_to_another_workspace(
    client_for, people, acme, admin, seat, key, globex
):
    from tenants.keys import key_holders

    client = client_for(people.acme_owner, acme)
    theirs = Membership.objects.for_tenant(globex).get(user=people.globex_owner)
    for to in (seat(people.acme_member), theirs):
        client.post(f"/api-keys/{key.pk}/holder/", {"to": to.pk})
        path = f"/members/{seat(admin).pk}/remove/"
        assert client.post(path, {"keys": "settled", "to": to.pk}).status_code == 422
        with pytest.raises(api_keys.MayNotHoldKeys):
            key_holders.hand_over(key, to=to, by=people.acme_owner)
    key.refresh_from_db()
    assert key.holder == seat(admin)


def test_a_key_is_handed_over_on_its_page_and_the_new_holder_is_told(
    client_for, people, acme, admin, seat, key, django_capture_on_commit_callbacks
):
    owner = seat(people.acme_owner)
    with django_capture_on_commit_callbacks(execute=True):
        client_for(admin, acme).post(f"/api-keys/{key.pk}/holder/", {"to": owner.pk})
    page = client_for(people.acme_owner, acme).get("/api-keys/").content.decode()
    assert "Acme Owner" in page
    assert mail.outbox[-1].to == [people.acme_owner.email]
    membership.remove_member(seat(admin), by=people.acme_owner)
    assert key.works()


def test_an_outsider_hands_nothing_over(client_for, people, acme, outsider, key, seat):
    owner = seat(people.acme_owner)
    for user, status in ((outsider, 404), (people.acme_member, 403)):
        client = client_for(user, acme)
        assert client.post(f"/api-keys/{key.pk}/holder/", {"to": owner.pk}).status_code == status


def test_who_hands_the_workspace_over_keeps_their_keys_as_an_admin(people, acme, seat):
    made, secret = api_keys.create(acme, name="mine", user=people.acme_owner)
    ownership.offer(seat(people.acme_member), by=people.acme_owner)
    ownership.accept(acme, user=people.acme_member)
    assert api_keys.find(acme, secret) == made


def test_scope_and_last_day_are_chosen_and_shown(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    said = {"name": "website", "scopes": ["read", "events"], "days": "30"}
    page = client.post("/api-keys/", said).content.decode()
    secret = re.search(r"sk_[\w-]{40,}", page)
    assert secret is not None
    key = ApiKey.objects.for_tenant(acme).get()
    assert key.scopes == ["read", "events"]
    assert abs(key.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert "read, events" in page
    assert f"{key.expires_at:%-d %b %Y}" in page
    assert "never" in page
    later = key.expires_at + timedelta(seconds=1)
    assert api_keys.find(acme, secret[0], now=key.expires_at - timedelta(seconds=1))
    assert api_keys.find(acme, secret[0], now=later) is None


def test_a_key_may_work_for_as_long_as_it_is_kept(client_for, people, acme):
    said = {"name": "website", "scopes": "read", "days": ""}
    client_for(people.acme_owner, acme).post("/api-keys/", said)
    assert ApiKey.objects.for_tenant(acme).get().expires_at is None


def test_a_key_without_a_scope_is_not_made(client_for, people, acme):
    client = client_for(people.acme_owner, acme)
    assert client.post("/api-keys/", {"name": "website"}).status_code == 422
    assert not ApiKey.objects.for_tenant(acme).exists()


def test_owners_and_holder_are_mailed_once_before_a_key_is_over(
    people, acme, admin, django_capture_on_commit_callbacks
):
    from tenants.keys import key_holders

    now = timezone.now()
    api_keys.create(acme, name="website", user=admin, expires_at=now + timedelta(days=20))
    with django_capture_on_commit_callbacks(execute=True):
        assert key_holders.warn(now=now) == 0
        assert key_holders.warn(now=now + timedelta(days=14)) == 1
        assert key_holders.warn(now=now + timedelta(days=14)) == 0
    told = [to for letter in mail.outbox for to in letter.to if "website" in letter.subject]
    assert sorted(told) == sorted([admin.email, people.acme_owner.email])


def test_what_a_key_does_is_done_in_the_name_of_who_holds_it(client_for, people, acme, seat, admin):
    from identity.persons import person_of
    from product.models import Link
    from tenants import schema
    from tenants.keys import key_holders

    made, secret = api_keys.create(acme, name="website", user=admin)
    key_holders.hand_over(made, to=seat(people.acme_owner), by=admin)
    client_for(None, acme).post(
        "/api/v1/links",
        data='{"target_url": "https://example.com/"}',
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )
    schema.enter(acme)
    assert Link.objects.latest("created_at").created_by == person_of(people.acme_owner).id


def test_a_member_has_no_key(people, acme):
    with pytest.raises(api_keys.MayNotHoldKeys):
        api_keys.create(acme, name="x", user=people.acme_member)


def test_the_upgrade_gives_old_keys_a_holder_and_a_last_day_to_those_whose_maker_is_gone(
    people, acme, admin, seat
):
    from importlib import import_module

    from django.apps import apps

    kept, _ = api_keys.create(acme, name="kept", user=admin)
    orphan, secret = api_keys.create(acme, name="orphan", user=people.acme_owner)
    ApiKey.objects.update(holder=None)
    ApiKey.objects.filter(pk=orphan.pk).update(created_by=people.acme_member)
    import_module("tenants.migrations.0010_api_keys").find_holders(apps, None)
    kept.refresh_from_db()
    orphan.refresh_from_db()
    assert (kept.holder, kept.expires_at) == (seat(admin), None)
    assert orphan.holder == seat(people.acme_owner)
    assert api_keys.find(acme, secret)
    assert api_keys.find(acme, secret, now=timezone.now() + timedelta(days=31)) is None


def test_the_upgrade_ends_invitations_whose_sender_is_no_longer_in_charge(people, acme, outsider):
    from importlib import import_module

    from django.apps import apps

    from tenants.models import Invitation

    for email, by in (("a@x.example", people.acme_owner), ("b@x.example", people.acme_member)):
        Invitation.objects.create(
            tenant=acme,
            email=email,
            invited_by=by,
            token_hash=email,
            expires_at=timezone.now() + timedelta(days=1),
        )
    import_module("tenants.migrations.0011_ways_in").end_without_right(apps, None)
    assert [each.email for each in Invitation.objects.for_tenant(acme)] == ["a@x.example"]
