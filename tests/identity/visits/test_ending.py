"""Signing out ends the number of the browser: the next person at it is somebody else."""

from __future__ import annotations

import pytest
from django.conf import settings

from identity.models import PersonAlias
from identity.persons import person_of

pytestmark = pytest.mark.django_db
SIGN_OUT = "/logout/"


def number_of(client) -> str:
    cookie = client.cookies.get(settings.VISITOR_COOKIE_NAME)
    return cookie.value if cookie else ""


def test_who_signs_out_leaves_a_browser_that_nobody_knows(client_for, people):
    client = client_for(None)

    def sign_in(user):
        client.post("/login/", {"login": user.email, "password": "correct horse"})
        return number_of(client)

    first = sign_in(people.acme_owner)
    assert PersonAlias.objects.get(pk=first).person == person_of(people.acme_owner)
    client.post(SIGN_OUT)
    assert number_of(client) == ""
    second = sign_in(people.outsider)
    assert second not in {"", first}
    assert PersonAlias.objects.get(pk=second).person == person_of(people.outsider)
    assert PersonAlias.objects.get(pk=first).person == person_of(people.acme_owner)
