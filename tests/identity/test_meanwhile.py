"""What is asked for while all of a user's sign-ins end is not given any more, whatever it is."""

from __future__ import annotations

import time
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.urls import URLPattern, get_resolver

from identity import standing
from identity.models import User
from identity.signing_in import credentials, sign_ins
from tenants.models import ApiKey, Import, Invitation, Membership, OwnershipOffer, Role
from tests.identity.meanwhile import after_reading, meanwhile

OLD = "correct horse"


@pytest.fixture
def owner(people) -> User:
    return people.acme_owner


def everything_ends(user: User) -> None:
    """As when the address is proved in another browser."""
    credentials.end(User.objects.get(pk=user.pk))


def signed_out(user: User) -> None:
    """As by "sign out everywhere" in another browser."""
    sign_ins.end_all(User.objects.get(pk=user.pk))


ENDS = pytest.mark.parametrize("end", [everything_ends, signed_out])


@ENDS
def test_no_api_key_is_made(client_for, owner, acme, end):
    with meanwhile(lambda: end(owner)):
        fields = {"name": "late", "scopes": ["read"], "days": ""}
        answer = client_for(owner, acme).post("/api-keys/", fields)
    assert answer.status_code == 403
    assert "signed out a moment ago" in answer.content.decode()
    assert not ApiKey.objects.filter(name="late", revoked_at=None).exists()


@ENDS
def test_nobody_is_invited(client_for, owner, acme, end):
    client = client_for(owner, acme)
    with meanwhile(lambda: end(owner)):
        client.post("/members/invite/", {"email": "late@example.org", "role": "admin"})
    assert not Invitation.objects.filter(email="late@example.org").exists()


@ENDS
def test_nothing_is_offered(client_for, owner, acme, people, end):
    client = client_for(owner, acme)
    seat = Membership.objects.get(tenant=acme, user=people.acme_member)
    with meanwhile(lambda: end(owner)):
        client.post("/members/offer/", {"to": seat.pk})
    assert not OwnershipOffer.objects.filter(tenant=acme).exists()


@ENDS
def test_no_archive_is_brought(client_for, people, end):
    client = client_for(people.outsider)
    with meanwhile(lambda: end(people.outsider)):
        client.post("/workspaces/import/", {"file": BytesIO(b"PK"), "name": "Late"})
    assert not Import.objects.filter(owner=people.outsider).exclude(state="refused").exists()


@ENDS
def test_no_authenticator_is_set_up(client_for, people, end):
    client = client_for(people.outsider)
    page = client.get("/account/security/totp/activate/")
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    with meanwhile(lambda: end(people.outsider)):
        client.post("/account/security/totp/activate/", {"code": code})
    assert not Authenticator.objects.filter(user=people.outsider).exists()


@ENDS
def test_no_address_is_added(client_for, people, end):
    client = client_for(people.outsider)
    with meanwhile(lambda: end(people.outsider)):
        client.post("/email/", {"action_add": "", "email": "late@example.org"})
    assert not EmailAddress.objects.filter(email="late@example.org").exists()


@ENDS
def test_the_password_is_not_changed(client_for, people, end):
    client, new = client_for(people.outsider), "a horse of another colour"
    fields = {"oldpassword": OLD, "password1": new, "password2": new}
    with meanwhile(lambda: end(people.outsider)):
        client.post("/password/change/", fields)
    people.outsider.refresh_from_db()
    assert not people.outsider.check_password(new)


@ENDS
def test_the_account_is_not_closed(client_for, people, end):
    client = client_for(people.outsider)
    with meanwhile(lambda: end(people.outsider)):
        client.post("/account/close/", {"email": people.outsider.email})
    assert User.objects.filter(pk=people.outsider.pk).exists()


@ENDS
def test_a_profile_that_is_saved_brings_nothing_back(client_for, people, end):
    client = client_for(people.outsider)
    with meanwhile(lambda: end(people.outsider)):
        client.post("/account/", {"name": "Late", "time_zone": "UTC"})
    now = User.objects.get(pk=people.outsider.pk)
    assert now.sign_in_generation == 1
    assert now.check_password(OLD) == (end is signed_out)


class TestAWholeRowThatIsSaved:
    """As allauth, Wagtail's forms and Django do."""

    def test_writes_what_was_changed_and_nothing_else(self, people):
        old = User.objects.get(pk=people.outsider.pk)
        everything_ends(people.outsider)
        old.name = "Somebody's form"
        old.save()
        now = User.objects.get(pk=people.outsider.pk)
        assert now.name == "Somebody's form"
        assert not now.has_usable_password()
        assert now.sign_in_generation == 1

    def test_puts_no_password_in_the_place_of_one_that_it_did_not_know(self, people):
        old = User.objects.get(pk=people.outsider.pk)
        everything_ends(people.outsider)
        old.set_password("the stranger's once more")
        for save in (old.save, lambda: old.save(update_fields=["password"])):
            with pytest.raises(standing.SignInEnded):
                save()
        assert not User.objects.get(pk=people.outsider.pk).has_usable_password()

    def test_is_written_again_after_it_was_written(self, people):
        user = User.objects.get(pk=people.outsider.pk)
        for password in ("one odd horse", "two odd horses"):
            user.set_password(password)
            user.save()
        assert User.objects.get(pk=user.pk).check_password("two odd horses")


class TestARightThatIsTaken:
    @pytest.fixture
    def admin(self, people, acme) -> Membership:
        seat = Membership.objects.get(tenant=acme, user=people.acme_member)
        Membership.objects.filter(pk=seat.pk).update(role=Role.ADMIN)
        return seat

    def test_makes_no_key_that_works_when_it_comes_back(self, client_for, people, acme, admin):
        def demote() -> None:
            Membership.objects.filter(pk=admin.pk).update(role=Role.MEMBER)

        client = client_for(people.acme_member, acme)
        with after_reading("tenants_membership", demote):
            client.post("/api-keys/", {"name": "late", "scopes": ["read"], "days": ""})
        assert not ApiKey.objects.filter(name="late").exists()

    def test_invites_nobody(self, client_for, people, acme, admin):
        def demote() -> None:
            Membership.objects.filter(pk=admin.pk).update(role=Role.MEMBER)

        client = client_for(people.acme_member, acme)
        with after_reading("tenants_membership", demote):
            client.post("/members/invite/", {"email": "late@example.org", "role": "admin"})
        assert not Invitation.objects.filter(email="late@example.org").exists()


def test_every_page_that_changes_how_one_signs_in_holds_the_account():
    """A page that is added to allauth, or by us, is one of them."""
    wanted = {"account_email", "account_change_password", "account_set_password"}
    found = {
        name: pattern
        for name, pattern in _pages(get_resolver("plg_site.urls.site").url_patterns)
        if name in wanted or name.startswith("mfa_")
    }
    assert wanted < found.keys()
    assert len(found) > len(wanted) + 5
    assert not [
        name for name, page in found.items() if not getattr(page.callback, "holds_account", False)
    ]


def _pages(patterns):
    """The first of each name: what stands before is asked before."""
    seen: dict[str, URLPattern] = {}
    for each in patterns:
        if isinstance(each, URLPattern):
            seen.setdefault(each.name or "", each)
        else:
            for name, page in _pages(each.url_patterns):
                seen.setdefault(name, page)
    return seen.items()
