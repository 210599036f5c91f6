"""An operator's first day: empty databases, https, a domain of one's own, the first administrator."""

from __future__ import annotations

import io
import re

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from wagtail.models import Page, Site

from cms.models import HomePage, PricingPage
from cms.seed import seed_site
from identity import administrators
from identity.models import User
from plg_site.doctor import security

SITE = f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
FIRST = "first@operator.example"


def start_here(email: str = FIRST) -> str:
    out = io.StringIO()
    call_command("start_here", "--email", email, stdout=out)
    return out.getvalue()


def sign_in_with(code: str, email: str = FIRST) -> Client:
    browser = Client(headers={"host": SITE})
    browser.post("/login/code/", {"email": email})
    answer = browser.post("/login/code/confirm/", {"code": code})
    assert answer.status_code == 302, answer.content
    return browser


def code_in(message) -> str:
    return re.search(r"^([A-Z0-9]{4}-?[A-Z0-9]{4})$", message.body, re.MULTILINE)[1]


def test_the_first_administrator_comes_by_a_mailed_code(
    db, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        said = start_here()
    assert FIRST in said
    [message] = mailoutbox
    assert message.to == [FIRST]
    user = User.objects.get(email=FIRST)
    assert not user.has_usable_password()
    assert not user.is_working_staff, "rights count once the mailbox is shown"
    browser = sign_in_with(code_in(message))
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert User.objects.get(pk=user.pk).is_working_staff
    assert list(administrators.working()) == [user]


def test_who_lost_the_code_says_it_again_and_gets_the_same(
    db, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        start_here()
        start_here(FIRST.upper())
    assert User.objects.filter(email=FIRST).count() == 1
    first, again = mailoutbox
    assert code_in(first) == code_in(again)


def test_there_is_one_first_administrator(db, mailoutbox):
    user = User.objects.create_superuser(FIRST)
    EmailAddress.objects.create(user=user, email=FIRST, primary=True, verified=True)
    with pytest.raises(CommandError, match=rf"{FIRST} looks after this installation already"):
        start_here("second@operator.example")
    assert not User.objects.filter(email="second@operator.example").exists()


def test_a_stranger_with_the_address_is_no_administrator(
    db, mailoutbox, django_capture_on_commit_callbacks
):
    stranger = User.objects.create_user(FIRST, "correct horse battery")
    EmailAddress.objects.create(user=stranger, email=FIRST, primary=True)
    with django_capture_on_commit_callbacks(execute=True):
        start_here()
    stranger.refresh_from_db()
    assert not stranger.is_superuser
    browser = Client(headers={"host": SITE})
    browser.post("/login/", {"login": FIRST, "password": "correct horse battery"})
    assert not administrators.working().exists()


def test_who_has_proved_the_address_before_is_administrator_at_once(db, mailoutbox):
    user = User.objects.create_user(FIRST, "correct horse battery")
    EmailAddress.objects.create(user=user, email=FIRST, primary=True, verified=True)
    assert "has an account" in start_here()
    assert list(administrators.working()) == [user]
    assert mailoutbox == []


def test_no_address_is_said_in_words(db):
    with pytest.raises(CommandError, match="no email address"):
        start_here("nobody")


def test_the_doctor_misses_an_administrator(db):
    def says() -> bool:
        return any("nobody is administrator" in f.says for f in security.look())

    User.objects.filter(is_superuser=True).delete()
    assert says()
    user = User.objects.create_superuser(FIRST)
    EmailAddress.objects.create(user=user, email=FIRST, primary=True, verified=True)
    assert not says()


def test_the_demo_is_refused_where_others_come(db, settings):
    settings.PUBLIC_SCHEME = "https"
    with pytest.raises(CommandError, match="demo"):
        call_command("prepare", "--demo")


def test_a_new_website_is_a_plain_one_and_the_editors_keep_it(db, settings):
    """Whether it is served: tests/stack/test_first_day.py."""
    Site.objects.all().delete()
    for page in Page.objects.filter(depth=2):
        page.delete()
    seed_site()
    site = Site.objects.get()
    assert (site.hostname, site.is_default_site) == (settings.SITE_DOMAIN, True)
    home = site.root_page.specific
    assert isinstance(home, HomePage)
    assert home.title == settings.BRAND.name
    assert [type(page.specific) for page in home.get_children()] == [PricingPage]
    home.title = "Ours"
    home.save_revision().publish()
    seed_site(demo=True)
    assert Site.objects.get().root_page.title == "Ours"
    assert Page.objects.filter(depth__gt=1).count() == 2
