"""Staff, editors and superusers show a second factor; nobody is locked out; anybody may have one."""

from __future__ import annotations

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import RequestFactory

from identity.models import User
from identity.security import demo_factor, second_factor

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEEDED = "/account/second-factor/"


def code(secret: str = SECRET, *, later: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def sign_in(client, user, **where):
    """With the password; returns the address that comes after it."""
    fields = {"login": user.email, "password": "correct horse", **where}
    return client.post("/login/", fields)["Location"]


@pytest.fixture
def staff(people) -> User:
    User.objects.filter(pk=people.outsider.pk).update(is_staff=True)
    return User.objects.get(pk=people.outsider.pk)


@pytest.fixture
def commits_at_once(monkeypatch) -> None:
    """What waits for a commit happens at once, as it does when no test holds the transaction."""
    monkeypatch.setattr(transaction, "on_commit", lambda call, **_: call())


@pytest.fixture
def with_app(people) -> User:
    """The outsider, with an authenticator app and recovery codes."""
    TOTP.activate(people.outsider, SECRET)
    RecoveryCodes.activate(people.outsider)
    return people.outsider


def grant(user: User, right: str) -> None:
    from django.contrib.auth.models import Permission

    if right == "editor":
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
        )
    else:
        User.objects.filter(pk=user.pk).update(**{right: True})


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "editor"])
@pytest.mark.parametrize("path", ["/cms/", "/staff/usage/"])
def test_who_has_rights_beyond_their_workspaces_is_led_to_set_up_a_second_factor(
    client_for, people, right, path
):
    grant(people.outsider, right)
    answer = client_for(people.outsider, second_factor=False).get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith(NEEDED)


def test_who_has_no_such_rights_is_asked_for_nothing(client_for, people):
    client = client_for(people.outsider)
    assert client.get("/staff/usage/").status_code == 404
    assert NEEDED not in client.get("/cms/").get("Location", "")


def test_setting_up_an_app_opens_the_pages_and_leads_back(client_for, staff, commits_at_once):
    client = client_for(staff, second_factor=False)
    led = client.get("/staff/usage/")["Location"]
    page = client.get(led).content.decode()
    assert "/account/security/totp/activate/" in page
    form = client.get("/account/security/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', form)
    assert secret is not None
    done = client.post("/account/security/totp/activate/", {"code": code(secret[1])})
    codes = client.get(done["Location"]).content.decode()
    assert len(re.findall(r'mono">\d{8}<', codes)) == 10
    assert 'href="/staff/usage/"' in codes, "the way on"
    assert client.get("/staff/usage/").status_code == 200
    assert "An authenticator app was set up" in {each.subject for each in mail.outbox}


def test_another_session_of_theirs_has_to_show_it_too(client_for, staff):
    TOTP.activate(staff, SECRET)
    client = client_for(staff, second_factor=False)
    led = client.get("/staff/usage/")["Location"]
    assert led.startswith("/account/security/reauthenticate/")
    assert client.post(led, {"code": code()})["Location"] == "/staff/usage/"
    assert client.get("/staff/usage/").status_code == 200


def test_a_password_is_no_answer_for_staff_who_are_asked_again(client_for, staff):
    TOTP.activate(staff, SECRET)
    client = client_for(staff, second_factor=False, hours_ago=1)
    led = client.get("/account/again/?next=/account/close/")["Location"]
    assert led.startswith("/account/security/reauthenticate/")
    assert client.get("/reauthenticate/")["Location"].startswith("/account/security/")


def test_after_a_day_they_are_asked_again_but_what_they_typed_is_taken(client_for, staff):
    client = client_for(staff, hours_ago=9)
    assert client.get("/staff/usage/").status_code == 302
    assert client.post("/staff/usage/").status_code == 405, "it reached the page"
    late = client_for(staff, hours_ago=13).post("/staff/usage/")
    assert late.status_code == 403
    assert "was not saved" in late.content.decode()


def test_a_fragment_is_sent_to_the_question_as_a_whole_page(client_for, staff):
    answer = client_for(staff, hours_ago=9).get("/staff/usage/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"].startswith("/account/security/")


def test_a_password_alone_does_not_sign_in_who_has_an_app(client_for, with_app):
    client = client_for()
    assert sign_in(client, with_app) == "/account/security/authenticate/"
    assert "/login/" in client.get("/workspaces/")["Location"]
    wrong = client.post("/account/security/authenticate/", {"code": "000000"})
    assert "does not fit" in wrong.content.decode()
    assert client.post("/account/security/authenticate/", {"code": code()})["Location"] == "/go/"
    assert client.get("/workspaces/").status_code == 200


def test_a_code_of_the_app_signs_in_once(client_for, with_app):
    once = code()
    for here, there in ((client_for(), True), (client_for(), False)):
        sign_in(here, with_app)
        here.post("/account/security/authenticate/", {"code": once})
        assert (here.get("/workspaces/").status_code == 200) is there


def test_a_recovery_code_signs_in_once(client_for, with_app):
    row = Authenticator.objects.get(user=with_app, type=Authenticator.Type.RECOVERY_CODES)
    one = row.wrap().get_unused_codes()[0]
    for here, there in ((client_for(), True), (client_for(), False)):
        sign_in(here, with_app)
        here.post("/account/security/authenticate/", {"code": one})
        assert (here.get("/workspaces/").status_code == 200) is there


def test_the_way_to_where_they_wanted_to_be_outlives_the_code(client_for, with_app):
    client = client_for()
    sign_in(client, with_app, next="/workspaces/import/")
    answer = client.post("/account/security/authenticate/", {"code": code()})
    assert answer["Location"] == "/workspaces/import/"


def test_nobody_sets_up_a_second_factor_before_the_address_is_proved(client_for, people):
    EmailAddress.objects.filter(user=people.outsider).update(verified=False)
    client = client_for(people.outsider)
    form = client.get("/account/security/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', form)
    assert secret is not None
    page = client.post("/account/security/totp/activate/", {"code": code(secret[1])})
    assert "Prove your main address first" in page.content.decode()
    assert not Authenticator.objects.filter(user=people.outsider).exists()


def test_who_has_a_second_factor_may_add_another_address(client_for, with_app):
    client = client_for(with_app)
    client.post("/email/", {"email": "more@example.org", "action_add": ""})
    assert EmailAddress.objects.filter(user=with_app, email="more@example.org").exists()


def test_secrets_are_sealed_in_the_database(people):
    row = TOTP.activate(people.outsider, SECRET).instance
    assert SECRET not in str(row.data)
    assert row.wrap().validate_code(code())


def test_secrets_of_another_installation_fit_no_code(people, settings):
    row = TOTP.activate(people.outsider, SECRET).instance
    settings.SECRET_KEY = "another"
    assert not row.wrap().validate_code(code())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]


def test_passkeys_belong_to_the_site_whatever_host_is_asked(acme):
    from allauth.core.context import request_context

    request = RequestFactory().get("/", headers={"host": f"acme.{settings.APP_DOMAIN}"})
    with request_context(request):
        entity = get_adapter().get_public_key_credential_rp_entity()
    assert entity == {"id": settings.SITE_DOMAIN, "name": settings.WAGTAIL_SITE_NAME}


class TestTheDemosFactor:
    def test_its_codes_are_right_on_a_development_stack(self, people):
        demo_factor.give(people.outsider)
        row = Authenticator.objects.get(user=people.outsider)
        assert demo_factor.SECRET not in str(row.data)
        assert all(row.wrap().validate_code(each) for each in demo_factor.codes())

    def test_they_are_refused_everywhere_else(self, people, settings):
        demo_factor.give(people.outsider)
        settings.DEMO_SECOND_FACTOR = False
        row = Authenticator.objects.get(user=people.outsider)
        assert not any(row.wrap().validate_code(each) for each in demo_factor.codes())

    def test_the_log_shows_one_when_it_is_asked_for(self, client_for, people, capsys):
        from structlog.testing import capture_logs

        demo_factor.give(people.outsider)
        client = client_for()
        with capture_logs() as said:
            client.get(sign_in(client, people.outsider))
        [line] = [each for each in said if each["event"] == "second_factor"]
        assert line["to"] == people.outsider.email
        answer = client.post("/account/security/authenticate/", {"code": line["code"]})
        assert answer["Location"] == "/go/"


class TestLosingIt:
    def test_whoever_runs_the_installation_can_take_it_away(
        self, client_for, with_app, django_capture_on_commit_callbacks
    ):
        there = client_for(with_app)
        with django_capture_on_commit_callbacks(execute=True):
            call_command("reset_second_factor", with_app.email)
        assert not second_factor.has_one(with_app)
        assert there.get("/workspaces/").status_code == 302, "signed out everywhere"
        assert mail.outbox[-1].to == [with_app.email]
        assert sign_in(client_for(), with_app) == "/go/"

    def test_only_of_a_proved_address(self, with_app):
        EmailAddress.objects.filter(user=with_app).update(verified=False)
        with pytest.raises(CommandError):
            call_command("reset_second_factor", with_app.email)
