"""A sign-in of a while ago is not enough for what cannot be taken back: they are asked once more."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail

from identity.models import User
from tenants.models import ApiKey, Export, Membership, OwnershipOffer, Status, Tenant

AGAIN = "/account/again/"
PAGES = ["/api-keys/", "/settings/export/", "/settings/delete/"]
OWN_PAGES = ["/account/close/", "/account/data/", "/account/security/totp/activate/"]


def asked_at(answer) -> str:
    """The path on the site where somebody is asked, "" where they are not."""
    location = answer.get("Location", "")
    return urlsplit(location).path if answer.status_code == 302 else ""


def confirm(client, url: str, *, password: str = "correct horse"):  # noqa: S107
    """Follow to the question, answer it with the password; returns the last answer."""
    site = {"host": f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"}
    asked = client.get(url, headers=site)
    assert asked["Location"].startswith("/reauthenticate/"), asked["Location"]
    answered = client.post(asked["Location"], {"password": password}, headers=site)
    if answered.status_code != 302:
        return answered
    return client.get(answered["Location"], headers=site)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_what_cannot_be_taken_back_asks_who_signed_in_long_ago(
    client_for, people, acme, path
):
    assert client_for(people.acme_owner, acme).get(path).status_code == 200
    assert asked_at(client_for(people.acme_owner, acme, hours_ago=1).get(path)) == AGAIN


@pytest.mark.parametrize("path", OWN_PAGES)
def test_a_page_of_ones_own_account_asks_who_signed_in_long_ago(client_for, people, path):
    assert client_for(people.outsider).get(path).status_code == 200
    answer = client_for(people.outsider, hours_ago=1).get(path)
    assert asked_at(answer) in {AGAIN, "/reauthenticate/"}


def test_a_form_that_comes_too_late_changes_nothing(client_for, people, acme):
    late = client_for(people.acme_owner, acme, hours_ago=1)
    member = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    late.post("/api-keys/", {"name": "website"})
    late.post("/settings/export/", {})
    late.post("/settings/delete/", {"name": acme.name})
    late.post("/members/offer/", {"to": member.pk})
    assert not ApiKey.objects.for_tenant(acme).exists()
    assert not Export.objects.for_tenant(acme).exists()
    assert not OwnershipOffer.objects.for_tenant(acme).exists()
    assert Tenant.objects.get(pk=acme.pk).status == Status.ACTIVE


def test_a_new_address_is_not_added_by_who_signed_in_long_ago(client_for, people):
    client_for(people.outsider, hours_ago=1).post(
        "/email/", {"email": "thief@example.org", "action_add": ""}
    )
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()
    client_for(people.outsider).post("/email/", {"email": "mine@example.org", "action_add": ""})
    assert EmailAddress.objects.filter(email="mine@example.org").exists()


def test_the_password_leads_back_to_the_page_of_the_workspace(client_for, people, acme):
    client = client_for(people.acme_owner, acme, hours_ago=1)
    back = confirm(client, client.get("/api-keys/?page=1")["Location"])
    assert back["Location"] == f"{acme.get_absolute_url().rstrip('/')}/api-keys/?page=1"
    assert client.get("/api-keys/").status_code == 200


def test_a_wrong_password_leads_nowhere(client_for, people, acme):
    client = client_for(people.acme_owner, acme, hours_ago=1)
    page = confirm(client, client.get("/api-keys/")["Location"], password="wrong horse")
    assert page.status_code == 200
    assert asked_at(client.get("/api-keys/")) == AGAIN


def test_who_has_no_password_answers_with_a_mailed_code(
    client_for, people, acme, django_capture_on_commit_callbacks
):
    people.acme_owner.set_unusable_password()
    people.acme_owner.save()
    client = client_for(people.acme_owner, hours_ago=1)
    asked = client.get(f"{AGAIN}?next={acme.get_absolute_url()}api-keys/")
    assert asked["Location"].startswith("/reauthenticate/code/")
    page = client.get(asked["Location"]).content.decode()
    assert people.acme_owner.email in page
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post(asked["Location"], {"recipient": people.acme_owner.email})
    code = re.search(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert code is not None
    back = client.post(sent["Location"], {"code": code[1]})
    assert client.get(back["Location"])["Location"] == f"{acme.get_absolute_url()}api-keys/"


def test_who_can_prove_nothing_reads_what_to_do_first(client_for, people):
    user = User.objects.create_user("new@example.org", None, name="New")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=False)
    page = client_for(user, hours_ago=1).get(f"{AGAIN}?next=/account/close/")
    assert page.status_code == 403
    assert "Confirm your address first" in page.content.decode()


class TestMistyped:
    """Somebody signed up without a password, and with an address whose mail they will never get."""

    @pytest.fixture
    def late(self, client_for, db):
        self.user = User.objects.create_user("typo@gmial.example", None, name="New")
        EmailAddress.objects.create(user=self.user, email=self.user.email, primary=True)
        return client_for(self.user, hours_ago=1)

    def test_they_add_the_right_address_and_make_it_the_main_one(self, late):
        late.post("/email/", {"email": "right@gmail.example", "action_add": ""})
        late.post("/email/", {"email": "right@gmail.example", "action_primary": ""})
        late.post("/email/", {"email": "typo@gmial.example", "action_remove": ""})
        assert [row.email for row in EmailAddress.objects.filter(user=self.user)] == [
            "right@gmail.example"
        ]
        assert User.objects.get(pk=self.user.pk).email == "right@gmail.example"

    def test_they_set_a_password_and_can_be_asked_from_then_on(self, late):
        assert late.get("/password/set/").status_code == 200
        late.post("/password/set/", {"password1": "a new horse", "password2": "a new horse"})
        assert User.objects.get(pk=self.user.pk).check_password("a new horse")
        asked = late.get(f"{AGAIN}?next=/account/close/")
        assert asked["Location"].startswith("/reauthenticate/")
        late.post("/email/", {"email": "thief@example.org", "action_add": ""})
        assert not EmailAddress.objects.filter(email="thief@example.org").exists()

    @pytest.mark.parametrize(
        "path",
        ["/account/security/totp/activate/", "/reauthenticate/", "/reauthenticate/code/"],
    )
    def test_what_needs_a_proof_says_what_to_do_and_nothing_of_a_role(self, late, path):
        page = late.get(path, follow=True).content.decode()
        assert "Confirm your address first" in page
        assert "typo@gmial.example" in page
        assert "/password/set/" in page
        assert "Your role" not in page


@pytest.mark.parametrize(
    "there",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://plg.localhost@evil.example/",
        "http://acme.plg.localhost.evil.example/",
        "javascript:alert(1)",
        "/\\evil.example/",
    ],
)
def test_the_question_leads_to_no_stranger(client_for, people, there):
    answer = client_for(people.outsider).get(AGAIN, {"next": there})
    assert answer["Location"] == "/go/"


def test_a_visitor_of_the_question_signs_in_first(client_for):
    assert "/login/" in client_for().get(AGAIN)["Location"]


def test_htmx_goes_to_the_question_as_a_whole_page(client_for, people, acme):
    here = f"{acme.get_absolute_url()}members/"
    answer = client_for(people.acme_owner, acme, hours_ago=1).post(
        "/api-keys/", {"name": "x"}, headers={"HX-Request": "true", "HX-Current-URL": here}
    )
    assert answer.status_code == 401
    there = urlsplit(answer["HX-Redirect"])
    assert there.path == AGAIN
    assert parse_qs(there.query)["next"] == [here]


def test_a_form_leads_back_to_its_page_but_never_to_another_host(client_for, people, acme):
    client = client_for(people.acme_owner, acme, hours_ago=1)
    home = acme.get_absolute_url()
    for referer, back in ((f"{home}members/", f"{home}members/"), ("https://evil.example/x", home)):
        answer = client.post("/members/offer/", {}, headers={"referer": referer})
        assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [back]


def test_somebody_without_the_right_is_refused_and_not_asked(client_for, people, acme):
    for path in PAGES:
        assert client_for(people.acme_member, acme, hours_ago=1).get(path).status_code == 403


def test_a_sign_in_with_a_password_is_recent_by_itself(client_for, people, acme):
    client = client_for(None, acme)
    client.post(
        "/login/",
        {"login": people.acme_owner.email, "password": "correct horse"},
        headers={"host": settings.SITE_DOMAIN},
    )
    assert client.get("/api-keys/").status_code == 200


class TestTelling:
    """Who is told when something of this kind happens."""

    @pytest.fixture
    def letters(self, django_capture_on_commit_callbacks):
        """`letters(call)`: who got mail because of it, with the subjects."""

        def during(call) -> set[tuple[str, str]]:
            before = len(mail.outbox)
            with django_capture_on_commit_callbacks(execute=True):
                call()
            return {(each.to[0], each.subject) for each in mail.outbox[before:]}

        return during

    def test_the_old_and_the_new_address_hear_of_a_change(self, client_for, people, letters):
        new = EmailAddress.objects.create(
            user=people.outsider, email="new@example.org", verified=True
        )
        client = client_for(people.outsider)
        told = letters(lambda: client.post("/email/", {"email": new.email, "action_primary": ""}))
        assert {to for to, _ in told} == {"outsider@example.com", "new@example.org"}
        gone = letters(
            lambda: client.post("/email/", {"email": "outsider@example.com", "action_remove": ""})
        )
        assert {to for to, _ in gone} == {"outsider@example.com", "new@example.org"}

    def test_an_added_address_is_told_to_the_one_that_was_there(self, client_for, people, letters):
        told = letters(
            lambda: client_for(people.outsider).post(
                "/email/", {"email": "more@example.org", "action_add": ""}
            )
        )
        assert ("outsider@example.com", "An address was added to your account") in told

    def test_a_changed_password_is_told(self, client_for, people, letters):
        fields = {
            "oldpassword": "correct horse",
            "password1": "a new horse",
            "password2": "a new horse",
        }
        told = letters(lambda: client_for(people.outsider).post("/password/change/", fields))
        assert told == {("outsider@example.com", "Your password was changed")}

    def test_keys_and_archives_are_told_to_owners_and_to_who_made_them(
        self, client_for, people, acme, letters
    ):
        Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role="admin")
        client = client_for(people.acme_member, acme)
        both = {people.acme_owner.email, people.acme_member.email}
        made = letters(lambda: client.post("/api-keys/", {"name": "website", "scopes": ["read"]}))
        assert {to for to, subject in made if "A new API key" in subject} == both
        key = ApiKey.objects.for_tenant(acme).get()
        ended = letters(lambda: client.post(f"/api-keys/{key.pk}/revoke/"))
        assert {to for to, subject in ended if "has ended" in subject} == both

    def test_an_archive_is_told_to_owners_when_it_is_asked_for(
        self, client_for, people, acme, letters, monkeypatch
    ):
        from tenants.archive import enqueueing

        monkeypatch.setattr(enqueueing, "once_committed", lambda *_: None)  # it is made elsewhere
        taken = letters(lambda: client_for(people.acme_owner, acme).post("/settings/export/", {}))
        assert {to for to, subject in taken if "takes an archive" in subject} == {
            people.acme_owner.email
        }
