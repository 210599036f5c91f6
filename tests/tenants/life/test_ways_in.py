"""Every way into a workspace against every way out: what one gives, the other takes back."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from identity.models import User
from metering import Limit
from metering.quotas import quota
from tenants.members import doors, membership, ownership
from tenants.models import Invitation, Membership, OwnershipOffer, Role


@pytest.fixture
def sent(acme, django_capture_on_commit_callbacks):
    """`sent(acme, "x@y", by=owner)`: mails an invitation; the path of its link. There is room."""

    quota.set_limits(acme, {"seats": Limit(20)})

    def invite(tenant, email: str, *, by: User, role: str = "admin") -> str:
        with django_capture_on_commit_callbacks(execute=True):
            membership.invite(tenant, email=email, role=role, by=by)
        found = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
        assert found is not None
        return found.group(0)

    return invite


@pytest.fixture
def jo(somebody):
    """Somebody with two proved addresses, one of them at the company."""
    from allauth.account.models import EmailAddress

    user = somebody("jo@acme.example")
    EmailAddress.objects.create(user=user, email="jo@home.example", verified=True)
    return user


@pytest.fixture
def open_door(people, acme, let_in):
    return let_in(doors.open_door(acme, domain="acme.example", by=people.acme_owner))


def _by_invitation(client_for, acme, people, jo, sent):
    client_for(jo).post(sent(acme, "jo@acme.example", by=people.acme_owner, role="member"))


def _by_door(client_for, acme, people, jo, sent):
    client_for(jo).post(f"/workspaces/{acme.pk}/join/")


def _by_hand(client_for, acme, people, jo, sent):
    membership.add_member(acme, user=jo, role=Role.MEMBER)


def _by_merge(client_for, acme, people, jo, sent):
    """A second sign-up of theirs is in, and becomes one with the first."""
    from identity.proofs import merging

    second = User.objects.create_user("jo@acme.example")
    membership.add_member(acme, user=second, role=Role.MEMBER)
    merging.merge(kept=jo, merged=second)


WAYS_IN = {
    "invitation": _by_invitation,
    "door": _by_door,
    "by hand": _by_hand,
    "merge": _by_merge,
}


def _removed(client_for, acme, people, jo, seat):
    client_for(people.acme_owner, acme).post(f"/members/{seat(jo).pk}/remove/")


def _left(client_for, acme, people, jo, seat):
    client_for(jo, acme).post("/members/leave/")


WAYS_OUT = {"removed": _removed, "left": _left}


@pytest.mark.parametrize("out", WAYS_OUT)
@pytest.mark.parametrize("way", WAYS_IN)
def test_who_went_does_not_come_back_by_an_invitation_from_before(
    request, client_for, people, acme, jo, seat, role_of, sent, way, out
):
    """One to another address of theirs, as an admin; one that came after they were in; and one to an
    address that is theirs although nobody knows it."""
    if way == "door":
        request.getfixturevalue("open_door")
    older = sent(acme, "jo@home.example", by=people.acme_owner)
    WAYS_IN[way](client_for, acme, people, jo, sent)
    assert role_of(jo) == Role.MEMBER
    waiting = Invitation.objects.for_tenant(acme).filter(accepted_at=None)
    assert not waiting.exists(), "joining has used it up"
    later = sent(acme, "jo@home.example", by=people.acme_owner)
    unproved = sent(acme, "jo@third.example", by=people.acme_owner)
    WAYS_OUT[out](client_for, acme, people, jo, seat)
    assert role_of(jo) is None
    for link, status in ((older, 404), (later, 404), (unproved, 409)):
        assert client_for(jo).post(link).status_code == status
    assert role_of(jo) is None


@pytest.mark.parametrize("out", WAYS_OUT)
@pytest.mark.parametrize("way", WAYS_IN)
def test_who_went_does_not_come_back_by_the_door(
    client_for, people, acme, jo, seat, role_of, sent, open_door, way, out
):
    WAYS_IN[way](client_for, acme, people, jo, sent)
    WAYS_OUT[out](client_for, acme, people, jo, seat)
    client = client_for(jo)
    assert "Acme" not in client.get("/workspaces/").content.decode()
    assert client.post(f"/workspaces/{acme.pk}/join/").status_code == 404
    assert role_of(jo) is None


@pytest.mark.parametrize("out", WAYS_OUT)
def test_who_is_invited_again_comes_back_and_then_the_door_is_theirs_like_everybodys(
    client_for, people, acme, jo, seat, role_of, sent, open_door, out
):
    _by_door(client_for, acme, people, jo, sent)
    WAYS_OUT[out](client_for, acme, people, jo, seat)
    client_for(jo).post(sent(acme, "jo@home.example", by=people.acme_owner, role="member"))
    from tenants.models import KeptOut

    assert role_of(jo) == Role.MEMBER
    assert not KeptOut.objects.for_tenant(acme).exists()


@pytest.mark.parametrize("out", WAYS_OUT)
def test_a_new_account_with_the_old_address_finds_no_door(
    client_for, people, acme, jo, seat, somebody, open_door, out
):
    _by_hand(client_for, acme, people, jo, None)
    WAYS_OUT[out](client_for, acme, people, jo, seat)
    jo.delete()
    again = somebody("jo@acme.example")
    assert client_for(again).post(f"/workspaces/{acme.pk}/join/").status_code == 404


def test_who_deletes_the_account_comes_back_by_invitation_only(
    client_for, people, acme, jo, somebody, sent, open_door, role_of
):
    _by_door(client_for, acme, people, jo, sent)
    link = sent(acme, "jo@home.example", by=people.acme_owner)
    jo.delete()
    assert client_for(None).get(link).status_code == 404
    again = somebody("jo@acme.example")
    assert client_for(again).post(f"/workspaces/{acme.pk}/join/").status_code == 404


def test_another_colleague_still_comes_in_by_the_door(
    client_for, people, acme, jo, seat, somebody, open_door, role_of
):
    _by_hand(client_for, acme, people, jo, None)
    _removed(client_for, acme, people, jo, seat)
    other = somebody("other@acme.example")
    client_for(other).post(f"/workspaces/{acme.pk}/join/")
    assert role_of(other) == Role.MEMBER


@pytest.mark.parametrize("out", WAYS_OUT)
def test_a_stranger_who_says_to_have_the_address_keeps_nobody_from_the_door(
    client_for, people, acme, jo, seat, somebody, open_door, role_of, sent, out
):
    stranger = User.objects.create_user("victor@acme.example")
    membership.add_member(acme, user=stranger, role=Role.MEMBER)
    WAYS_OUT[out](client_for, acme, people, stranger, seat)
    victor = somebody("victor@acme.example")
    assert "Acme" in client_for(victor).get("/workspaces/").content.decode()
    client_for(victor).post(f"/workspaces/{acme.pk}/join/")
    assert role_of(victor) == Role.MEMBER
    stranger.emailaddress_set.create(email="stranger@acme.example", verified=True)
    assert client_for(stranger).post(f"/workspaces/{acme.pk}/join/").status_code == 404


LOSSES = {
    "removed": lambda client_for, people, acme, admin, seat: client_for(
        people.acme_owner, acme
    ).post(f"/members/{seat(admin).pk}/remove/"),
    "demoted": lambda client_for, people, acme, admin, seat: client_for(
        people.acme_owner, acme
    ).post(f"/members/{seat(admin).pk}/role/", {"role": "member"}),
    "left": lambda client_for, people, acme, admin, seat: client_for(admin, acme).post(
        "/members/leave/"
    ),
    "account deleted": lambda client_for, people, acme, admin, seat: admin.delete(),
    "role written": lambda client_for, people, acme, admin, seat: Membership.objects.filter(
        user=admin
    ).update(role="member"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_an_invitation_ends_with_the_right_of_who_sent_it(
    client_for, people, acme, admin, seat, outsider, role_of, sent, loss
):
    link = sent(acme, outsider.email, by=admin)
    LOSSES[loss](client_for, people, acme, admin, seat)
    answer = client_for(outsider).post(link)
    assert answer.status_code == 404
    assert role_of(outsider) is None


def test_an_invitation_that_somebody_in_charge_sends_again_is_theirs(
    client_for,
    people,
    acme,
    admin,
    seat,
    outsider,
    role_of,
    sent,
    django_capture_on_commit_callbacks,
):
    sent(acme, outsider.email, by=admin)
    invitation = Invitation.objects.for_tenant(acme).get()
    with django_capture_on_commit_callbacks(execute=True):
        membership.invite_again(invitation, by=people.acme_owner)
    link = re.search(r"/invitations/[\w-]+/", mail.outbox[-1].body)
    membership.remove_member(seat(admin), by=people.acme_owner)
    client_for(outsider).post(link[0])
    assert role_of(outsider) == Role.ADMIN


@pytest.mark.parametrize("whose", ["giver demoted", "giver left", "taker removed"])
def test_an_offer_of_ownership_ends_with_the_right_of_either_side(
    client_for, people, acme, admin, seat, role_of, whose
):
    second = seat(admin)
    second.role = Role.OWNER
    second.save()
    ownership.offer(seat(people.acme_member), by=admin)
    client = client_for(people.acme_owner, acme)
    if whose == "giver demoted":
        client.post(f"/members/{second.pk}/role/", {"role": "admin"})
    elif whose == "giver left":
        client_for(admin, acme).post("/members/leave/")
    else:
        client.post(f"/members/{seat(people.acme_member).pk}/remove/")
    assert not OwnershipOffer.objects.for_tenant(acme).exists()
    # A right that comes back does not bring the offer back.
    Membership.objects.update_or_create(tenant=acme, user=admin, defaults={"role": "owner"})
    client_for(people.acme_member, acme).post("/members/offer/accept/")
    assert role_of(people.acme_member) != Role.OWNER


def test_a_member_who_opens_somebody_elses_link_does_not_burn_it(
    client_for, people, acme, outsider, sent, role_of
):
    link = sent(acme, outsider.email, by=people.acme_owner)
    client_for(people.acme_owner).post(link)
    client_for(outsider).post(link)
    assert role_of(outsider) == Role.ADMIN


def test_a_member_is_not_invited_to_another_address_of_theirs(client_for, people, acme, jo):
    _by_hand(client_for, acme, people, jo, None)
    answer = client_for(people.acme_owner, acme).post(
        "/members/invite/", {"email": "Jo@home.example", "role": "member"}
    )
    assert answer.status_code == 422
    assert "a member already" in answer.content.decode()


@pytest.fixture
def gang(committed):
    """Two people and an open invitation, for threads: `gang.link`, `gang.users`, cleaned up."""
    from types import SimpleNamespace

    from tenants.hashed_secrets import hash_secret
    from tenants.models import Tenant

    acme = Tenant.objects.get(slug="acme")
    owner = User.objects.get(email="owner@acme.example")
    users = [User.objects.create_user(f"racer{n}@race.example") for n in range(2)]
    for user in users:  # who has proved an address may open an invitation to another one of theirs
        user.emailaddress_set.create(email=user.email, primary=True, verified=True)
    invitation = Invitation.objects.create(
        tenant=acme,
        email="race@race.example",
        token_hash=hash_secret("race"),
        invited_by=owner,
        expires_at=timezone.now() + timedelta(days=7),
    )
    yield SimpleNamespace(acme=acme, users=users, invitation=invitation, link="/invitations/race/")
    Invitation.objects.filter(tenant=acme).delete()
    from tenants.models import KeptOut

    for user in User.objects.filter(email__endswith="@race.example"):
        user.delete()
    KeptOut.objects.all().delete()


def _at_once(*calls):
    answers: list[object] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        start.wait(timeout=60)
        try:
            answers[place] = calls[place]()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def _client(user=None):
    from django.conf import settings
    from django.test import Client

    client = Client(
        headers={"host": f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"},
        raise_request_exception=False,
    )
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize("round_", range(3))
def test_of_two_people_who_accept_one_invitation_at_once_one_wins_and_one_reads_words(gang, round_):
    clients = [_client(user) for user in gang.users]
    answers = _at_once(*(lambda c=client: c.post(gang.link) for client in clients))
    assert sorted(answer.status_code for answer in answers) in ([302, 404], [302, 409])
    assert any("has ended" in answer.content.decode() for answer in answers)
    assert Membership.objects.filter(tenant=gang.acme, user__in=gang.users).count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_of_two_who_join_with_a_new_account_at_once_one_wins_and_one_reads_words(gang, round_):
    clients = [_client(), _client()]
    answers = _at_once(
        *(lambda c=client: c.post(f"{gang.link}join/", {"name": "R"}) for client in clients)
    )
    assert 302 in [answer.status_code for answer in answers]
    assert all(answer.status_code in (302, 404, 409) for answer in answers)
    assert User.objects.filter(email="race@race.example").count() == 1


def test_one_person_who_clicks_twice_at_once_joins_once(gang):
    clients = [_client(gang.users[0]), _client(gang.users[0])]
    answers = _at_once(*(lambda c=client: c.post(gang.link) for client in clients))
    assert 302 in [answer.status_code for answer in answers]
    assert all(answer.status_code in (302, 404) for answer in answers)
    assert Membership.objects.filter(tenant=gang.acme, user=gang.users[0]).count() == 1


def test_two_who_invite_the_same_address_at_once_send_one_invitation_that_works(gang):
    owner = User.objects.get(email="owner@acme.example")

    def invite():
        return membership.invite(gang.acme, email="x@race.example", role="member", by=owner)

    assert all(_at_once(invite, invite))
    assert Invitation.objects.filter(tenant=gang.acme, email="x@race.example").count() == 1


@pytest.mark.parametrize("by", ["owner", "admin"])
def test_the_removed_person_and_the_owners_get_a_mail(
    client_for, people, acme, admin, seat, by, django_capture_on_commit_callbacks
):
    who = people.acme_owner if by == "owner" else admin
    with django_capture_on_commit_callbacks(execute=True):
        client_for(who, acme).post(f"/members/{seat(people.acme_member).pk}/remove/")
    told = {to: letter for letter in mail.outbox for to in letter.to}
    assert "no longer in Acme" in told[people.acme_member.email].subject
    assert (people.acme_owner.email in told) == (by == "admin")


def test_owners_get_a_mail_when_somebody_leaves(
    client_for, people, acme, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_member, acme).post("/members/leave/")
    assert [letter.to for letter in mail.outbox] == [[people.acme_owner.email]]


def test_everybody_concerned_gets_a_mail_when_somebody_becomes_or_is_no_longer_an_owner(
    client_for, people, acme, admin, seat, django_capture_on_commit_callbacks
):
    ownership.offer(seat(people.acme_member), by=people.acme_owner, stays=True)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_member, acme).post("/members/offer/accept/")
    told = {to: letter.subject for letter in mail.outbox for to in letter.to}
    assert told == {
        people.acme_member.email: "You are an owner of Acme now",
        people.acme_owner.email: "Acme Member is an owner of Acme now",
    }
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        client_for(people.acme_owner, acme).post(
            f"/members/{seat(people.acme_member).pk}/role/", {"role": "member"}
        )
    told = {to: letter.subject for letter in mail.outbox for to in letter.to}
    assert told == {
        people.acme_member.email: "You are a member of Acme now",
        people.acme_owner.email: "Acme Member is a member of Acme now",
    }
