"""Who is told "not now" is told when, in words, and as a problem where a program asks."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from plg_site.web.try_again import TryAgainMiddleware


@pytest.mark.parametrize("status", [429, 503])
def test_not_now_says_when(rf, status):
    answer = TryAgainMiddleware(lambda _: HttpResponse("later", status=status))(rf.get("/"))
    assert int(answer["Retry-After"]) > 0
    assert answer.content == b"later"


def test_who_knows_better_is_not_corrected(rf):
    said = HttpResponse(status=503, headers={"Retry-After": "7"})
    assert TryAgainMiddleware(lambda _: said)(rf.get("/"))["Retry-After"] == "7"


def test_a_page_is_no_answer_of_the_api(rf):
    page = HttpResponse("<p>later</p>", status=429)
    answer = TryAgainMiddleware(lambda _: page)(rf.get("/api/v1/links"))
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"]


def test_other_answers_are_as_they_were(rf):
    assert "Retry-After" not in TryAgainMiddleware(lambda _: HttpResponse())(rf.get("/"))


def test_allauths_own_limits_say_when(client_for, people, settings):
    settings.ACCOUNT_RATE_LIMITS = {"change_password": "1/m/user"}
    client = client_for(people.acme_owner)
    said = {"oldpassword": "x", "password1": "y", "password2": "y"}
    answers = [client.post("/password/change/", said) for _ in range(2)]
    assert answers[-1].status_code == 429
    assert answers[-1]["Retry-After"]


def test_a_program_that_asks_for_a_workspace_in_preparation_is_told_when(client_for, acme, people):
    from tenants.keys import api_keys
    from tenants.models import Status, Tenant

    _, secret = api_keys.create(acme, name="x", user=people.acme_owner)
    Tenant.objects.filter(pk=acme.pk).update(status=Status.PREPARING)
    answer = client_for(None, acme).get(
        "/api/v1/links", headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert answer.json()["detail"]
