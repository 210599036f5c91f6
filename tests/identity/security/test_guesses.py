"""Nobody guesses a code or a password without end, also where a password was right, or a session open."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import RequestFactory
from django.urls import get_resolver
from django.utils.module_loading import import_string

from identity.models import User
from identity.security import guesses
from tests.identity.security.test_second_factor import SECRET, code, sign_in

HERE, ELSEWHERE = "198.51.100.1", "203.0.113.1"
WRONG = "000000" if code() != "000000" else "111111"


@pytest.fixture
def ada(people) -> User:
    """The outsider, who answers with an authenticator app."""
    TOTP.activate(people.outsider, SECRET)
    return people.outsider


def is_in(client) -> bool:
    return "/login/" not in client.get("/go/")["Location"]


@pytest.fixture(autouse=True)
def one_moment(monkeypatch):
    """Codes are those of one half minute: a slow machine is in the next one before a test has ended."""
    now = time.time()
    still = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time", still)
    monkeypatch.setattr("tests.identity.security.test_second_factor.time", still)


def guess(client, url: str, times: int, value: str = WRONG, field: str = "code") -> str:
    """The last answer's page."""
    page = ""
    for _ in range(times):
        answer = client.post(url, {field: value})
        assert answer.status_code == 200, answer.get("Location")
        page = answer.content.decode()
    return page


def test_who_has_the_password_does_not_guess_the_second_factor(client_for, ada):
    client = client_for(REMOTE_ADDR=HERE)
    url = sign_in(client, ada)
    assert "Too many wrong codes" in guess(client, url, 30)
    assert client.post(url, {"code": code()}).status_code == 200, "not looked at any more"
    assert not is_in(client)


def test_neither_from_many_addresses(client_for, ada):
    for number in range(guesses.OF_ALL.calls // 5 + 1):
        client = client_for(REMOTE_ADDR=f"198.51.100.{number}")
        url = sign_in(client, ada)
        page = guess(client, url, 5)
    assert "Too many wrong codes" in page


def test_neither_does_who_found_a_session_open(client_for, ada):
    client = client_for(ada, hours_ago=1, REMOTE_ADDR=HERE)
    url = "/account/security/reauthenticate/"
    assert "Too many wrong codes" in guess(client, url, 30)
    assert client.post(url, {"code": code()}).status_code == 200


def test_a_mailed_code_of_is_it_you_is_not_guessed(
    client_for, people, django_capture_on_commit_callbacks
):
    client = client_for(people.outsider, hours_ago=1, REMOTE_ADDR=HERE)
    with django_capture_on_commit_callbacks(execute=True):
        sent = client.post("/reauthenticate/code/", {"recipient": people.outsider.email})
    assert "Too many wrong codes" in guess(client, sent["Location"], 30, "AAAA-AAAA")
    right = re.search(r"^\s*([A-Z0-9]{4}-?[A-Z0-9]{4})\s*$", mail.outbox[-1].body, re.M)
    assert right is not None
    assert client.post(sent["Location"], {"code": right[1]}).status_code == 200


def test_a_password_is_not_guessed_at_is_it_you(client_for, people):
    client = client_for(people.outsider, hours_ago=1, REMOTE_ADDR=HERE)
    page = guess(client, "/reauthenticate/", 11, "wrong horse", "password")
    assert "Too many wrong passwords" in page
    assert client.post("/reauthenticate/", {"password": "correct horse"}).status_code == 200


def test_a_password_is_not_guessed_where_it_is_changed(client_for, people):
    client = client_for(people.outsider, REMOTE_ADDR=HERE)
    new = {"password1": "a new horse", "password2": "a new horse"}
    for _ in range(11):
        answer = client.post("/password/change/", {"oldpassword": "wrong horse", **new})
    assert "Too many wrong passwords" in answer.content.decode()
    client.post("/password/change/", {"oldpassword": "correct horse", **new})
    assert User.objects.get(pk=people.outsider.pk).check_password("correct horse")


def test_a_network_with_many_wrong_passwords_keeps_nobody_from_saying_who_they_are(
    client_for, people, settings
):
    """The page of "is it you?" has no sum to do."""
    settings.SIGN_IN_TRIES_PER_ADDRESS = "3/h"
    for number in range(5):
        wrong = {"login": f"somebody-{number}@example.org", "password": "wrong horse"}
        client_for(REMOTE_ADDR=HERE).post("/login/", wrong)
    client = client_for(people.outsider, hours_ago=1, REMOTE_ADDR=HERE)
    assert client.post("/reauthenticate/", {"password": "correct horse"}).status_code == 302


def test_the_password_of_another_sign_up_with_ones_address_is_no_answer(client_for, people):
    User.objects.create_user("outsider@example.com", "another horse")
    client = client_for(people.outsider, hours_ago=1)
    assert client.post("/reauthenticate/", {"password": "another horse"}).status_code == 200


def test_a_stranger_who_guesses_locks_nobody_out_elsewhere(client_for, ada):
    stranger = client_for(REMOTE_ADDR=HERE)
    guess(stranger, sign_in(stranger, ada), 30)
    mine = client_for(REMOTE_ADDR=ELSEWHERE)
    mine.post(sign_in(mine, ada), {"code": code()})
    assert is_in(mine)


def test_nor_on_a_device_that_was_here_before(client_for, ada):
    mine = client_for(REMOTE_ADDR=HERE)
    mine.post(sign_in(mine, ada), {"code": code(later=-1)})
    assert is_in(mine)
    mine.post("/logout/")
    stranger = client_for(REMOTE_ADDR=HERE)
    guess(stranger, sign_in(stranger, ada), 30)
    mine.post(sign_in(mine, ada), {"code": code()})
    assert is_in(mine)


def test_a_right_code_begins_anew(client_for, ada):
    client = client_for(ada, hours_ago=1, REMOTE_ADDR=HERE)
    url = "/account/security/reauthenticate/"
    for later in (-1, 0, 1):
        guess(client, url, 4)
        assert client.post(url, {"code": code(later=later)}).status_code == 302


def test_the_owner_hears_of_it_once(client_for, ada, django_capture_on_commit_callbacks):
    client = client_for(REMOTE_ADDR=HERE)
    url = sign_in(client, ada)
    with django_capture_on_commit_callbacks(execute=True):
        guess(client, url, 4)
    assert not mail.outbox
    with django_capture_on_commit_callbacks(execute=True):
        guess(client, url, 1)
        for number in range(3):
            other = client_for(REMOTE_ADDR=f"203.0.113.{number}")
            guess(other, sign_in(other, ada), 5)
    assert [(m.to, m.subject) for m in mail.outbox] == [
        ([ada.email], "Wrong codes for your account")
    ]


def test_many_at_once_are_no_more_than_one_after_the_other(people):
    request = RequestFactory().post("/", REMOTE_ADDR=HERE)

    def is_looked_at(_: int) -> bool:
        try:
            guesses.take(request, people.outsider, kind=guesses.SECOND_FACTOR)
        except ValidationError:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(is_looked_at, range(40))) == guesses.RATES[0].calls


# --- Every form that takes a secret -------------------------------------------------------------

SECRETS = {"code", "credential", "key", "oldpassword", "password", "secret", "token", "user_code"}
NEW = "a new password is chosen; nothing is compared"
OFF = "not in use: replaced by one of ours, a base of others, or for what is switched off"
SIGNATURE = "nobody guesses a signature"
# What limits how often one may guess, or why nothing has to. A new form is decided on here.
LIMITED_BY = {
    "identity.adapters.forms.SignInForm": "sign_in_limits",
    "identity.proofs.mailed_codes.ConfirmCodeForm": "mailed_codes",
    "identity.adapters.account_forms.MailedCodeAgainForm": "guesses",
    "identity.adapters.account_forms.NewPasswordForm": "sign_in_limits.is_password_of",
    "identity.adapters.mfa_forms.CodeForm": "guesses",
    "identity.adapters.mfa_forms.CodeAgainForm": "guesses",
    "allauth.account.forms.ReauthenticateForm": "AccountAdapter.reauthenticate: is_password_of",
    "billing.pages.staff_money.RefundForm": "its key names the form, so that it counts once",
    "wagtail.forms.PasswordViewRestrictionForm": "cms.public.page_passwords",
    "identity.adapters.mfa_forms.TOTPForm": "the secret of the code is on the same page",
    "identity.adapters.mfa_forms.PasskeyForm": SIGNATURE,
    "identity.adapters.forms.ResetLinkForm": "the key of a mailed link, which nobody guesses",
    "identity.adapters.forms.NewPasswordForm": NEW,
    "tenants.members.joining.JoinForm": NEW,
    "tenants.signing_up.signup.WorkspaceSignupForm": NEW,
    "cms.editing.user_forms.EditorForm": OFF,
    "cms.editing.user_forms.NewEditorForm": OFF,
    "allauth.account.forms.BaseConfirmCodeForm": OFF,
    "allauth.account.forms.ChangePasswordForm": OFF,
    "allauth.account.forms.ConfirmEmailVerificationCodeForm": OFF,
    "allauth.account.forms.ConfirmLoginCodeForm": OFF,
    "allauth.account.forms.ConfirmPasswordResetCodeForm": OFF,
    "allauth.account.forms.ConfirmReauthenticationCodeForm": OFF,
    "allauth.account.forms.LoginForm": OFF,
    "allauth.account.forms.ResetPasswordKeyForm": OFF,
    "allauth.account.forms.SetPasswordForm": NEW,
    "allauth.account.forms.UserTokenForm": OFF,
    "allauth.account.forms.VerifyPhoneForm": OFF,
    "allauth.idp.oidc.forms.ConfirmCodeForm": OFF,
    "allauth.mfa.base.forms.AuthenticateForm": OFF,
    "allauth.mfa.base.forms.BaseAuthenticateForm": OFF,
    "allauth.mfa.base.forms.ReauthenticateForm": OFF,
    "allauth.mfa.totp.forms.ActivateTOTPForm": OFF,
    "allauth.mfa.webauthn.forms.AddWebAuthnForm": OFF,
    "allauth.mfa.webauthn.forms.AuthenticateWebAuthnForm": SIGNATURE,
    "allauth.mfa.webauthn.forms.LoginWebAuthnForm": SIGNATURE,
    "allauth.mfa.webauthn.forms.ReauthenticateWebAuthnForm": SIGNATURE,
    "allauth.mfa.webauthn.forms.SignupWebAuthnForm": OFF,
    "allauth.mfa.webauthn.forms._BaseAddWebAuthnForm": OFF,
    "wagtail.admin.forms.auth.LoginForm": OFF,
    "wagtail.admin.forms.auth.PasswordChangeForm": OFF,
    "wagtail.admin.forms.collections.CollectionViewRestrictionForm": NEW,
    "wagtail.admin.forms.pages.PageViewRestrictionForm": NEW,
    "wagtail.admin.forms.view_restrictions.BaseViewRestrictionForm": NEW,
    "wagtail.users.forms.UserCreationForm": OFF,
    "wagtail.users.forms.UserEditForm": OFF,
    "wagtail.users.forms.UserForm": OFF,
}


def _forms(of: type = forms.BaseForm) -> set[type]:
    return {of}.union(*map(_forms, of.__subclasses__()))


def test_every_form_that_takes_a_secret_is_known():
    for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF):
        assert get_resolver(urlconf).url_patterns  # imports every page, and so its forms
    for name in (settings.ACCOUNT_FORMS | settings.MFA_FORMS).values():
        import_string(name)
    found = {
        f"{form.__module__}.{form.__name__}"
        for form in _forms()
        if any(
            name in SECRETS or isinstance(field.widget, forms.PasswordInput)
            for name, field in getattr(form, "base_fields", {}).items()
        )
        and not form.__module__.startswith(("django.", "tests."))
    }
    assert sorted(found - set(LIMITED_BY)) == [], "how often may one guess there?"
    assert sorted(set(LIMITED_BY) - found) == [], "gone"


@pytest.mark.parametrize(
    "path", ["_util/authenticate_with_password/{0}/1/", "documents/authenticate_with_password/{0}/"]
)
def test_the_password_of_a_page_is_not_guessed(client_for, path):
    from wagtail.models import Collection, CollectionViewRestriction, Page, PageViewRestriction

    kept = {"restriction_type": "password", "password": "open sesame"}
    page, collection = Page.objects.get(depth=1), Collection.get_first_root_node()
    row = (
        PageViewRestriction.objects.create(page=page, **kept)
        if path.startswith("_util")
        else CollectionViewRestriction.objects.create(collection=collection, **kept)
    )
    url = f"/{path.format(row.pk)}"
    client = client_for(REMOTE_ADDR=HERE)
    answers = [client.post(url, {"password": str(n), "return_url": "/"}) for n in range(12)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    right = {"password": "open sesame", "return_url": "/"}
    assert client.post(url, right).status_code == 429
    assert client_for(REMOTE_ADDR=ELSEWHERE).post(url, right).status_code == 302
