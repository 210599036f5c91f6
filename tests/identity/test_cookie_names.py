"""Under https every cookie of ours has a name that browsers take from https only."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import uuid4

import pytest

from plg_site.devstack.options import ROOT
from tests.visiting import tell

NAMES = "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "VISITOR_COOKIE_NAME", "SIGNED_IN_COOKIE_NAME"


def _named(scheme: str) -> list[str]:
    code = f"from plg_site import settings as s; print(*(getattr(s, name) for name in {NAMES}))"
    env = {**os.environ, "PUBLIC_SCHEME": scheme}
    said = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True
    )
    return said.stdout.split()


def test_the_names_say_that_they_come_from_https():
    assert all(name.startswith("__Secure-plg_") for name in _named("https"))
    assert len(_named("https")) == len(NAMES)
    assert all(name.startswith("plg_") for name in _named("http"))


@pytest.fixture
def https(settings):
    """As settings.py makes them under https; the test client keeps all cookies."""
    former = {"__Secure-plg_session": "plg_session", "__Secure-plg_aid": "plg_aid"}
    settings.SESSION_COOKIE_NAME, settings.VISITOR_COOKIE_NAME = former
    settings.FORMER_COOKIE_NAMES = former
    settings.SESSION_COOKIE_SECURE = True
    return settings


def test_who_signed_in_before_the_names_changed_is_still_signed_in(https, client_for, people):
    client = client_for(people.acme_owner)
    client.cookies["plg_session"] = client.cookies.pop(https.SESSION_COOKIE_NAME).value
    answer = client.get("/workspaces/")
    assert answer.status_code == 200
    renewed = answer.cookies[https.SESSION_COOKIE_NAME]
    assert renewed.value == client.cookies["plg_session"].value
    assert renewed["secure"]


def test_the_new_name_wins_over_the_former(https, client_for, people):
    """Whoever can still set the former (a page without https) signs nobody in as somebody else."""
    stranger = client_for(people.outsider).cookies[https.SESSION_COOKIE_NAME].value
    client = client_for(people.acme_owner)
    client.cookies["plg_session"] = stranger
    assert client.get("/workspaces/").context["request"].user == people.acme_owner


def test_a_browsers_history_goes_on_under_the_new_name(https, client_for, people):
    known = str(uuid4())
    client = client_for()
    client.cookies["plg_aid"] = known
    assert tell(client, {}).cookies[https.VISITOR_COOKIE_NAME].value == known
