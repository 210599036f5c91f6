"""Two rules for the same: an address is one's own exactly when it is written the same way."""

from __future__ import annotations

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command

from identity.models import User
from tenants.members import membership
from tenants.models import Invitation, Role
from tests.identity.mailbox import PASSWORD, is_signed_in


class TestAnAddressWhoseCapitalsAreAnothers:
    """Confirming one's own address never signs in as somebody whose address is another."""

    @pytest.fixture
    def victim(self, db):
        user = User.objects.create_user("owner@kite.example", "correct horse", name="Victim")
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        return user

    def test_confirming_it_does_not_touch_the_other(self, client_for, mailbox, victim):
        client = client_for()
        mailbox.sign_up(client, workspace="Alike", email="owner@k\u0131te.example")
        client.post(mailbox.link())
        assert "owner@kite.example" not in client.get("/email/").content.decode()
        assert User.objects.get(name="Who began Alike").has_verified_email
        assert User.objects.filter(pk=victim.pk, is_active=True).exists()
        assert mail.outbox[-1].to == ["owner@xn--kte-jua.example"]

    def test_it_does_not_make_an_invitation_look_taken(self, acme, people, victim):
        invitation = membership.invite(
            acme, email="owner@k\u0131te.example", role=Role.MEMBER, by=people.acme_owner
        )
        from tenants.members.joining import has_account

        assert not has_account(invitation)

    def test_it_does_not_own_what_is_imported(self, victim, tmp_path):
        archive = tmp_path / "a.zip"
        archive.write_bytes(b"")
        with pytest.raises(CommandError, match="Nobody has proved"):
            call_command("import_workspace", archive, owner="owner@k\u0131te.example")


class TestTheSameAddressInAnotherForm:
    def test_signs_in_with_a_password(self, client_for, people):
        client = client_for()
        client.post("/login/", {"login": "Outsider@EXAMPLE.com", "password": "correct horse"})
        assert is_signed_in(client)

    def test_signs_in_with_a_code_and_resets(self, client_for, mailbox):
        mailbox.sign_up(client_for(), workspace="Books", email="Ada@Bücher.example")
        user = User.objects.get(name="Who began Books")
        assert user.email == "ada@xn--bcher-kva.example"
        client = client_for()
        mailbox.sign_in_by_code(client, "ADA@bücher.example")
        assert is_signed_in(client)
        with mailbox.open():
            client_for().post("/password/reset/", {"email": "Ada@BÜCHER.example"})
        assert mail.outbox[-1].to == [user.email]

    def test_is_the_same_invitation(self, acme, people):
        for email in ("New@Bücher.example", "new@xn--bcher-kva.example"):
            membership.invite(acme, email=email, role=Role.MEMBER, by=people.acme_owner)
        found = Invitation.objects.for_tenant(acme).filter(email="NEW@bücher.example")
        assert [row.email for row in found] == ["new@xn--bcher-kva.example"]

    def test_a_second_click_on_the_sign_up_is_known(self, client_for, mailbox):
        form = {
            "name": "Ada",
            "workspace_name": "Twice",
            "password1": PASSWORD,
            "token": str(uuid4()),
        }
        for email in ("Ada@Bücher.example", "ada@xn--bcher-kva.example"):
            assert client_for().post("/signup/", {**form, "email": email}).status_code == 302
        assert User.objects.filter(email="ada@xn--bcher-kva.example").count() == 1

    def test_what_is_no_address_is_refused_in_words(self, client_for):
        answer = client_for().post("/login/code/", {"email": "ad\u0131@example.com"})
        assert "only plain letters" in answer.content.decode()
