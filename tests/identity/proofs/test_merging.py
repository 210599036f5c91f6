"""Joining two sign-ups of one human: through the pages, with both sides shown, and undone if wrong."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.core import mail
from django.utils import timezone

from identity.models import Person, PersonAlias, User
from identity.persons import identify
from identity.proofs import merging
from tenants.members.membership import add_member
from tenants.models import Membership, Role, Tenant
from tenants.tasks import look_after_lives
from tests.identity.mailbox import PASSWORD, is_signed_in


def merges():  # type: ignore[no-untyped-def]
    from identity.models import Merge

    return Merge.objects


@pytest.fixture
def known(people) -> User:
    """Who has an account with a proved address."""
    return people.acme_owner


@pytest.fixture
def second(client_for, mailbox, known):
    """The browser in which somebody signed up once more with that address."""
    client = client_for()
    mailbox.sign_up(client, workspace="Second", email=known.email)
    return client


@pytest.fixture
def again(second) -> User:
    return User.objects.get(name="Who began Second")


def test_signed_in_as_the_second_the_page_names_both_and_joins(second, again, known, mailbox):
    page = second.get(mailbox.link()).content.decode()
    for name in ("Who began Second", "Second", known.name, "Acme", "It was me: join them"):
        assert name in page
    with mailbox.open():
        second.post(mailbox.link(), {"join": "1"})
    assert "//acme." not in second.get("/go/")["Location"], "they have two workspaces now"
    chooser = second.get("/workspaces/").content.decode()
    assert "Acme" in chooser
    assert "Second" in chooser


def test_signed_in_as_the_first_it_joins_as_well(client_for, second, again, known, mailbox):
    client = client_for(known)
    assert "Second" in client.get(mailbox.link()).content.decode()
    client.post(mailbox.link(), {"join": "1"})
    assert Membership.objects.filter(tenant__name="Second", user=known, role=Role.OWNER).exists()
    assert not is_signed_in(second)
    assert is_signed_in(client)


def test_signed_in_as_nobody_the_link_joins_nothing(client_for, second, again, known, mailbox):
    visitor = client_for()
    page = visitor.get(mailbox.link()).content.decode()
    assert "join them" not in page
    assert f"/login/?next={mailbox.link()}" in page
    assert visitor.post(mailbox.link(), {"join": "1"}).status_code == 409
    assert Membership.objects.filter(tenant__name="Second", user=again).exists()
    assert not EmailAddress.objects.filter(user=again, verified=True).exists()


def test_a_bare_post_joins_nothing(second, again, mailbox):
    second.post(mailbox.link())
    assert Membership.objects.filter(tenant__name="Second", user=again).exists()


def test_a_verified_user_is_never_joined_into_another(client_for, people, mailbox):
    """An address that is proved elsewhere, added at my open computer, does not take my account."""
    me, thief = people.globex_owner, people.outsider
    with mailbox.open():
        client_for(me).post("/email/", {"email": thief.email, "action_add": ""})
    for client in (client_for(thief), client_for(me), client_for()):
        page = client.get(mailbox.link()).content.decode()
        assert "This address is in use" in page
        for post in ({}, {"join": "1"}, {"discard": "1"}):
            assert client.post(mailbox.link(), post).status_code == 409
    assert User.objects.filter(pk=me.pk, is_active=True).exists()
    assert Membership.objects.filter(user=me, tenant__slug="globex").exists()


@pytest.mark.parametrize("side", ["known", "again"])
@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "groups"])
def test_nobody_with_rights_over_the_website_is_joined(
    request, second, again, known, mailbox, side, right
):
    user = request.getfixturevalue(side)
    if right == "groups":
        user.groups.add(Group.objects.create(name="Some editors"))
    else:
        setattr(user, right, True)
        user.save()
    assert "look after this website" in second.get(mailbox.link()).content.decode()
    assert second.post(mailbox.link(), {"join": "1"}).status_code == 409
    assert not merges().exists()


def test_both_addresses_are_told(client_for, second, again, known, mailbox):
    """The account's main address is another by now."""
    EmailAddress.objects.filter(user=known).update(primary=False)
    EmailAddress.objects.create(user=known, email="main@example.org", primary=True, verified=True)
    User.objects.filter(pk=known.pk).update(email="main@example.org")
    client, link = client_for(known), mailbox.link()
    mail.outbox.clear()
    with mailbox.open():
        client.post(link, {"join": "1"})
    told = {message.to[0] for message in mail.outbox if "joined" in message.subject}
    assert told == {"main@example.org", again.email}
    assert "Second" in mail.outbox[-1].body


def test_thrown_away_it_is_gone_and_its_workspace_can_come_back(
    client_for, second, again, known, mailbox
):
    client = client_for(known)
    client.post(mailbox.link(), {"discard": "1"})
    assert Tenant.objects.get(name="Second").status == "deleted"
    assert not is_signed_in(second)
    client.post(f"/email/joined/{merges().get().pk}/undo/")
    assert Tenant.objects.get(name="Second").status == "active"


class TestUndone:
    @pytest.fixture
    def client(self, client_for, second, again, known, mailbox):
        identify(again, anonymous_id=Person().id)
        client = client_for(known)
        client.post(mailbox.link(), {"join": "1"})
        return client

    def test_it_is_as_it_was_before(self, client, second, again, known, client_for, mailbox):
        made = merges().get()
        page = client.get("/email/begun/").content.decode()
        assert "Take them apart" in page
        with mailbox.open():
            client.post(f"/email/joined/{made.pk}/undo/")
        page = client.get("/email/begun/").content.decode()
        assert "Nobody can sign in to it with your address" in page
        assert "Second" in page, "it is among those that can be joined again"
        assert Membership.objects.get(tenant__name="Second").user == again
        assert not Membership.objects.filter(tenant__name="Second", user=known).exists()
        assert PersonAlias.objects.filter(person__user=again).exists()
        former = client_for()
        former.post("/login/", {"login": again.email, "password": PASSWORD})
        assert not is_signed_in(former), "the address is the other's, as before"
        again.refresh_from_db()
        assert again.is_active
        assert again.check_password(PASSWORD)
        assert "taken apart" in mail.outbox[-1].subject

    def test_nobody_else_undoes_it(self, client, people, client_for):
        made = merges().get()
        path = f"/email/joined/{made.pk}/undo/"
        assert client_for(people.outsider).post(path).status_code == 404
        assert client_for().post(path).status_code == 302
        assert client.get(path).status_code == 405
        assert merges().exists()

    def test_after_thirty_days_it_is_not_and_the_sign_up_is_forgotten(self, client, again):
        merges().update(at=timezone.now() - timedelta(days=30))
        made = merges().get()
        client.post(f"/email/joined/{made.pk}/undo/")
        assert merges().exists()
        look_after_lives()
        assert not User.objects.filter(pk=again.pk).exists()
        assert Membership.objects.filter(tenant__name="Second").exists()

    def test_before_that_nobody_is_forgotten(self, client, again):
        look_after_lives()
        assert User.objects.filter(pk=again.pk).exists()

    def test_a_sign_up_that_was_old_when_it_was_joined_is_kept_for_as_long(self, client, again):
        old = timezone.now() - timedelta(days=400)
        User.objects.filter(pk=again.pk).update(date_joined=old, last_login=old)
        look_after_lives()
        client.post(f"/email/joined/{merges().get().pk}/undo/")
        assert Membership.objects.filter(tenant__name="Second", user=again).exists()


def test_a_role_that_was_raised_is_put_back(people, acme, second, again, known):
    member = add_member(Tenant.objects.get(name="Second"), user=known, role=Role.MEMBER)
    made = merging.merge(kept=known, merged=again)
    member.refresh_from_db()
    assert member.role == Role.OWNER
    merging.undo(made, by=known)
    member.refresh_from_db()
    assert member.role == Role.MEMBER
    assert Membership.objects.get(tenant=member.tenant, user=again).role == Role.OWNER


def test_sign_up_first_and_be_invited_later_keeps_both_workspaces(
    client_for, mailbox, globex, people
):
    from tenants.members import membership

    email = "both@example.org"
    mailbox.sign_up(client_for(), workspace="Own", email=email)
    with mailbox.open():
        membership.invite(globex, email=email, role=Role.MEMBER, by=people.globex_owner)
    client = client_for()
    join = mailbox.link("invitations") + "join/"
    asked = client.post(join, {"name": "Both", "password": ""})["Location"]
    page = client.get(asked).content.decode()
    own = User.objects.get(name="Who began Own")
    assert f"/email/begun/{own.pk}/" in page
    client.post(f"/email/begun/{own.pk}/", {"join": "1"})
    chooser = client.get("/workspaces/").content.decode()
    assert "Own" in chooser
    assert "Globex" in chooser


class TestOnThePageOfOthers:
    def test_long_after_the_proof_a_mail_is_asked_for_first(
        self, client_for, second, again, known, mailbox
    ):
        client = client_for(known)
        page = client.get("/email/begun/").content.decode()
        assert "Mail me the link" in page
        client.post(f"/email/begun/{again.pk}/", {"join": "1"})
        client.post(f"/email/begun/{again.pk}/", {"discard": "1"})
        assert not merges().exists()
        client.post(f"/email/begun/{again.pk}/", {"prove": "1"})
        assert "was sent a moment ago" in client.get("/email/begun/").content.decode()

    def test_after_a_code_it_is_joined_at_once(self, client_for, second, again, known, mailbox):
        client = client_for()
        mailbox.sign_in_by_code(client, known.email)
        assert "Join it to my account" in client.get("/email/begun/").content.decode()
        client.post(f"/email/begun/{again.pk}/", {"join": "1"})
        assert merges().get().merged == again

    def test_nobody_joins_a_sign_up_with_an_address_that_is_not_theirs(
        self, client_for, second, again, people
    ):
        client = client_for(people.outsider)
        assert client.post(f"/email/begun/{again.pk}/", {"join": "1"}).status_code == 404


def test_a_merge_keeps_what_each_browser_did(known, again):
    first = identify(known, anonymous_id=Person().id)
    identify(again, anonymous_id=Person().id)
    before = PersonAlias.objects.filter(person=first).count()
    merging.merge(kept=known, merged=again)
    assert PersonAlias.objects.filter(person=first).count() > before
