"""What a campaign's link says is still there after each page that leads on."""

from __future__ import annotations

import pytest

QUERY = "utm_source=poster&utm_campaign=sp%C3%A4t"


@pytest.mark.parametrize("path", ["/go/", "/signup/", "/login/"])
def test_it_goes_along_for_who_is_signed_in(client_for, people, path):
    for who in (people.acme_owner, people.outsider):
        there = client_for(who).get(f"{path}?{QUERY}&next_page=x")["Location"]
        assert there.partition("?")[2] == QUERY


def test_it_goes_along_with_the_plan_that_was_picked(client_for, people):
    there = client_for(people.acme_owner).get(f"/go/?plan=pro&interval=year&{QUERY}")["Location"]
    assert "plan=pro" in there
    assert QUERY in there


def test_the_sign_in_says_whom_one_can_ask(client_for, settings):
    settings.SUPPORT_EMAIL = "help@here.example"
    assert "mailto:help@here.example" in client_for().get("/login/").content.decode()
