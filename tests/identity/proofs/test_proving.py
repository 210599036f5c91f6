"""Whose account it is: what was given out before an address is proved does not outlive the proof."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Token
from django.core import mail
from django.core.files.storage import storages
from django.utils import timezone

from identity.models import DerivedSession, User
from tenants.archive import imports
from tenants.keys import api_keys
from tenants.members.membership import add_member
from tenants.models import ApiKey, OwnershipOffer, Role, Status, Tenant
from tenants.models.archives import Import
from tests.identity.mailbox import ADDRESS, PASSWORD, is_signed_in


@pytest.fixture
def stranger(client_for, mailbox):
    """A browser whose person signed up with somebody else's address."""
    client = client_for()
    mailbox.sign_up(client, workspace="Trap")
    assert is_signed_in(client)
    return client


@pytest.fixture
def owner(client_for):
    """The browser of the person whose address it is."""
    return client_for()


def by_link(owner, mailbox):
    owner.post(mailbox.link())


def by_code(owner, mailbox):
    mailbox.sign_in_by_code(owner)


def by_reset(owner, mailbox):
    with mailbox.open():
        owner.post("/password/reset/", {"email": ADDRESS})
    form = owner.get(mailbox.link("password/reset/key"))["Location"]
    new = "my very own horse"
    answer = owner.post(form, {"password1": new, "password2": new})
    assert answer.status_code == 302


@pytest.mark.parametrize("prove", [by_link, by_code, by_reset])
def test_a_strangers_session_and_password_end_with_the_proof(
    stranger, owner, mailbox, client_for, prove
):
    prove(owner, mailbox)
    assert EmailAddress.objects.get(email=ADDRESS).verified
    assert not is_signed_in(stranger)
    again = client_for()
    again.post("/login/", {"login": ADDRESS, "password": PASSWORD})
    assert not is_signed_in(again)


def test_the_reset_leaves_the_new_password(stranger, owner, mailbox, client_for):
    by_reset(owner, mailbox)
    client = client_for()
    client.post("/login/", {"login": ADDRESS, "password": "my very own horse"})
    assert is_signed_in(client)


@pytest.mark.parametrize("prove", [by_link, by_code, by_reset])
def test_all_that_was_given_out_ends_with_the_proof(
    stranger, owner, mailbox, acme, people, prove, settings
):
    settings.FREE_WORKSPACES_UNPROVED = 9  # for the archive
    user = User.objects.get(email=ADDRESS)
    trap = Tenant.objects.get(name="Trap")
    api_keys.create(trap, name="robot", user=user)
    add_member(acme, user=user, role=Role.MEMBER)
    OwnershipOffer.objects.create(
        tenant=acme, to=user, by=people.acme_owner, expires_at=timezone.now() + timedelta(days=1)
    )
    for number, kind in enumerate((Token.Type.ACCESS_TOKEN, Token.Type.AUTHORIZATION_CODE)):
        Token.objects.create(type=kind, hash=f"x{number}", user=user)
    DerivedSession.objects.create(session_key="elsewhere", client_id="domain-x", user=user)
    brought = imports.bring(BytesIO(b"not read yet"), owner=user)
    with mailbox.open():
        prove(owner, mailbox)
    assert not ApiKey.objects.filter(created_by=user, revoked_at=None).exists()
    assert not OwnershipOffer.objects.filter(to=user).exists()
    assert not Token.objects.filter(user=user).exists()
    assert not DerivedSession.objects.filter(user=user).exists()
    brought.refresh_from_db()
    assert (brought.state, brought.reason) == (Import.State.REFUSED, "cancelled")
    assert not storages["exports"].exists(brought.stored_as)


def test_who_proves_in_the_browser_that_signed_up_keeps_everything(client_for, mailbox, settings):
    client, elsewhere = client_for(), client_for()
    mailbox.sign_up(client, workspace="Mine")
    elsewhere.post("/login/", {"login": ADDRESS, "password": PASSWORD})
    user = User.objects.get(email=ADDRESS)
    api_keys.create(Tenant.objects.get(name="Mine"), name="robot", user=user)
    page = client.get(mailbox.link()).content.decode()
    assert "Sign in first" not in page
    answer = client.post(mailbox.link())
    assert "begun" not in answer["Location"]
    assert is_signed_in(client)
    assert is_signed_in(elsewhere)
    assert ApiKey.objects.filter(created_by=user, revoked_at=None).exists()


def test_who_gives_the_password_first_keeps_everything(client_for, mailbox):
    mailbox.sign_up(client_for(), workspace="Mine")
    phone = client_for()
    page = phone.get(mailbox.link()).content.decode()
    assert f"/login/?next={mailbox.link()}" in page
    phone.post("/login/", {"login": ADDRESS, "password": PASSWORD, "next": mailbox.link()})
    phone.post(mailbox.link())
    assert User.objects.get(email=ADDRESS).has_usable_password()
    assert is_signed_in(phone)


def test_opening_the_link_changes_nothing_and_signs_nobody_out(
    stranger, client_for, people, mailbox
):
    other = client_for(people.outsider)
    for client in (stranger, other, client_for()):
        client.get(mailbox.link())
    assert not EmailAddress.objects.get(email=ADDRESS).verified
    assert is_signed_in(other)
    assert is_signed_in(stranger)


class TestWhatWasBegun:
    def test_it_is_shown_on_the_way_in_with_name_date_and_workspace(self, stranger, owner, mailbox):
        asked = mailbox.sign_in_by_code(owner)["Location"]
        assert asked.startswith("/email/begun/")
        page = owner.get(asked).content.decode()
        assert "Who began Trap" in page
        assert "127.0.0.1" in page
        assert f"{timezone.now():%-d %B %Y}" in page
        assert "Keep it" in page

    def test_kept_it_is_not_asked_about_again(self, stranger, owner, client_for, mailbox):
        asked = mailbox.sign_in_by_code(owner)["Location"]
        assert (
            owner.post(asked, {"keep": "1", "next": "/workspaces/"})["Location"] == "/workspaces/"
        )
        assert Tenant.objects.get(name="Trap").status == Status.ACTIVE
        assert "begun" not in mailbox.sign_in_by_code(client_for())["Location"]

    def test_thrown_away_its_workspaces_are_deleted_and_can_come_back(
        self, stranger, owner, mailbox
    ):
        asked = mailbox.sign_in_by_code(owner)["Location"]
        owner.post(asked, {"discard": "1"})
        trap = Tenant.objects.get(name="Trap")
        assert trap.status == Status.DELETED
        assert User.objects.get(email=ADDRESS).name == ""
        assert "Trap" in owner.get("/workspaces/").content.decode(), "its owner may undo it"

    def test_nothing_can_be_thrown_away_that_was_not_asked_about(self, client_for, people, acme):
        client_for(people.acme_owner).post("/email/begun/", {"discard": "1"})
        acme.refresh_from_db()
        assert acme.status == Status.ACTIVE

    def test_a_link_asks_at_the_next_sign_in(self, stranger, owner, mailbox):
        by_link(owner, mailbox)
        assert mailbox.sign_in_by_code(owner)["Location"].startswith("/email/begun/")

    def test_the_page_is_nobody_elses(self, client_for):
        assert "/login/" in client_for().get("/email/begun/")["Location"]


class TestSeveralWhoHaveProvedNothing:
    @pytest.fixture
    def two(self, client_for, mailbox):
        """A stranger's sign-up and one's own, with the same address; nobody has confirmed."""
        browsers = {"Trap": client_for(), "Mine": client_for()}
        for workspace, client in browsers.items():
            mailbox.sign_up(client, workspace=workspace)
        return browsers

    def test_after_the_right_code_the_person_chooses(self, two, owner, mailbox):
        answer = mailbox.sign_in_by_code(owner)
        assert answer["Location"] == "/login/code/choose/"
        assert not is_signed_in(owner)
        page = owner.get("/login/code/choose/").content.decode()
        assert page.index("Trap") < page.index("Mine"), "the older one first, always"
        mine = User.objects.get(name="Who began Mine")
        owner.post("/login/code/choose/", {"account": str(mine.pk)})
        assert is_signed_in(owner)
        assert "//mine." in owner.get("/go/")["Location"]
        assert not is_signed_in(two["Mine"]), "it was not the browser that proved it"

    def test_then_they_are_asked_about_the_others(self, two, owner, mailbox):
        mailbox.sign_in_by_code(owner)
        mine = User.objects.get(name="Who began Mine")
        asked = owner.post("/login/code/choose/", {"account": str(mine.pk)})["Location"]
        page = owner.get(asked).content.decode()
        assert "Another sign-up with your address" in page
        assert "Who began Trap" in page

    def test_a_choice_that_was_not_offered_signs_nobody_in(self, two, owner, mailbox, people):
        mailbox.sign_in_by_code(owner)
        answer = owner.post("/login/code/choose/", {"account": str(people.acme_owner.pk)})
        assert answer.status_code == 422
        assert not is_signed_in(owner)

    def test_without_a_code_there_is_no_choice(self, two, owner):
        mine = User.objects.get(name="Who began Mine")
        owner.post("/login/code/choose/", {"account": str(mine.pk)})
        assert not is_signed_in(owner)

    def test_each_gets_a_mail_of_its_own(self, client_for, mailbox, settings):
        from plg_site import settings as real

        settings.ACCOUNT_RATE_LIMITS = real.ACCOUNT_RATE_LIMITS
        for workspace in ("Trap", "Mine"):
            mailbox.sign_up(client_for(), workspace=workspace)
        assert [message.to for message in mail.outbox] == [[ADDRESS], [ADDRESS]]
        assert mailbox.link(number=0) != mailbox.link(number=1)


class TestTheMail:
    @pytest.mark.parametrize("ask", ["signup", "code", "reset"])
    def test_it_names_what_was_begun_and_from_where(self, stranger, owner, mailbox, ask):
        if ask == "code":
            mailbox.ask_for_code(owner)
        elif ask == "reset":
            with mailbox.open():
                owner.post("/password/reset/", {"email": ADDRESS})
        for body in (mail.outbox[-1].body, mail.outbox[-1].alternatives[0][0]):
            assert "Who began Trap" in body
            assert "127.0.0.1" in body
            assert f"{timezone.now():%-d %B %Y}" in body

    def test_a_strangers_words_in_it_are_no_link(self, client_for, mailbox):
        mailbox.sign_up(client_for(), workspace="Win at https://evil.example now")
        assert "evil.example" not in mail.outbox[-1].body
        assert "//evil" not in mail.outbox[-1].alternatives[0][0]

    def test_who_has_proved_the_address_reads_nothing_of_it(self, client_for, mailbox, people):
        mailbox.ask_for_code(client_for(), people.outsider.email)
        assert "was begun" not in mail.outbox[-1].body


class TestSendTheMailAgain:
    def test_it_says_when_the_next_one_may_go(self, stranger, mailbox, settings):
        from plg_site import settings as real

        settings.ACCOUNT_RATE_LIMITS = real.ACCOUNT_RATE_LIMITS
        before = len(mail.outbox)
        with mailbox.open():
            stranger.post("/email/", {"email": ADDRESS, "action_send": ""})
        assert len(mail.outbox) == before, "the sign-up's mail went out a moment ago"
        page = stranger.get("/email/").content.decode()
        assert "can be sent in 3 minutes" in page, page[page.index("<main") :]

    def test_it_says_that_it_did(self, client_for, mailbox, people):
        user = User.objects.create_user("late@example.org", name="Late")
        EmailAddress.objects.create(user=user, email=user.email, primary=True)
        client = client_for(user)
        with mailbox.open():
            client.post("/email/", {"email": user.email, "action_send": ""})
        assert mail.outbox[-1].to == [user.email]
        assert "We have sent a mail" in client.get("/email/").content.decode()

    def test_it_says_that_there_is_nothing_to_prove(self, client_for, people):
        client = client_for(people.outsider)
        client.post("/email/", {"email": people.outsider.email, "action_send": ""})
        assert "is verified already" in client.get("/email/").content.decode()


class TestAFurtherAddress:
    """Only who is signed in to the account proves another one than its main address."""

    @pytest.fixture(params=["a proved account", "one that has proved nothing"])
    def added(self, request, client_for, people, mailbox):
        if request.param != "a proved account":
            EmailAddress.objects.filter(user=people.outsider).update(verified=False)
        with mailbox.open():
            client_for(people.outsider).post("/email/", {"email": ADDRESS, "action_add": ""})
        return EmailAddress.objects.get(email=ADDRESS)

    def test_its_mailbox_alone_does_not_sign_in_to_the_account(self, added, owner, mailbox):
        with mailbox.open():
            owner.post("/login/code/", {"email": ADDRESS})
        assert "sign-in code" not in mail.outbox[-1].subject
        assert not is_signed_in(owner)

    def test_its_mailbox_alone_does_not_reset_the_password(self, added, owner, mailbox):
        with mailbox.open():
            owner.post("/password/reset/", {"email": ADDRESS})
        assert "password/reset/key" not in mail.outbox[-1].body

    def test_its_link_proves_nothing_from_another_browser(self, added, owner, mailbox):
        assert "Sign in first" in owner.get(mailbox.link()).content.decode()
        assert owner.post(mailbox.link()).status_code == 409
        added.refresh_from_db()
        assert not added.verified

    def test_who_is_signed_in_proves_it_and_keeps_everything(
        self, added, client_for, people, mailbox
    ):
        client = client_for(people.outsider)
        client.post(mailbox.link())
        added.refresh_from_db()
        assert added.verified
        assert is_signed_in(client)


def test_the_main_address_is_one_that_is_proved(client_for, mailbox):
    """Who signed up with a stranger's address and proves their own gets their mail there."""
    client = client_for()
    mailbox.sign_up(client, workspace="Typo")
    with mailbox.open():
        client.post("/email/", {"email": "real@example.org", "action_add": ""})
    client.post(mailbox.link())
    assert User.objects.get(name="Who began Typo").email == "real@example.org"


def test_a_sign_up_is_noted_with_its_client_address(stranger):
    from identity.models import Beginning

    assert Beginning.objects.get(email=ADDRESS).client_address == "127.0.0.1"


def test_an_invited_newcomer_is_told_of_earlier_sign_ups(stranger, owner, mailbox, acme, people):
    from tenants.members import membership

    with mailbox.open():
        membership.invite(acme, email=ADDRESS, role=Role.MEMBER, by=people.acme_owner)
    join = mailbox.link("invitations") + "join/"
    asked = owner.post(join, {"name": "Real One", "password": ""})["Location"]
    assert asked.startswith("/email/begun/")
    assert "Who began Trap" in owner.get(asked).content.decode()


class TestTheTypedAddress:
    def test_it_goes_along_to_the_code(self, client_for, people, mailbox):
        client = client_for()
        page = client.get("/login/").content.decode()
        assert 'formaction="/login/code/' in page
        with mailbox.open():
            answer = client.post("/login/code/", {"login": people.outsider.email, "password": ""})
        assert "/login/code/confirm/" in answer["Location"]
        assert mail.outbox[-1].to == [people.outsider.email]

    def test_nothing_typed_shows_the_form(self, client_for):
        answer = client_for().post("/login/code/", {"login": "", "password": ""})
        assert answer.status_code == 200
        assert "field__error" not in answer.content.decode()
