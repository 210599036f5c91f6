"""The page of the sign-up form, which most people get from a process's memory: with tokens of their own."""

from __future__ import annotations

import re
import time

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

from tenants.models import Tenant
from tenants.signing_up import admission, form_page
from tests.tenants.signing_up.test_signup import SIGNUP, answers

TOKENS = ("csrfmiddlewaretoken", "token", "seen")
HOST = f"{settings.SITE_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"


@pytest.fixture
def visitors(client_for):
    """Two browsers, of which the second gets what was put together for the first."""
    form_page.forget()
    return [Client(headers={"host": HOST}, enforce_csrf_checks=True) for _ in range(2)]


def hidden(page) -> dict[str, str]:
    soup = BeautifulSoup(page.content, "html.parser")
    form = soup.select_one("form.form")
    return {each["name"]: each.get("value", "") for each in form.select("input[type=hidden]")}


def rest_of(page) -> str:
    return re.sub(rf'name="({"|".join(TOKENS)})" value="[^"]*"', "", page.content.decode())


def test_it_is_the_same_for_two_but_for_their_tokens_with_which_each_signs_up(visitors):
    pages = [visitor.get(SIGNUP) for visitor in visitors]
    first, second = (hidden(page) for page in pages)
    assert pages[1].context is None, "rendered once"
    assert rest_of(pages[0]) == rest_of(pages[1])
    assert all(first[name] and second[name] and first[name] != second[name] for name in TOKENS)
    ours = "Cache-Control", "Content-Type", "Content-Security-Policy", "Vary"
    assert [pages[0][name] for name in ours] == [pages[1][name] for name in ours]
    assert set(pages[0].cookies) == set(pages[1].cookies)

    for visitor, said in zip(visitors, (first, second), strict=True):
        form = {**answers(token=said["token"]), **said, "slug": f"page-{said['token'][:8]}"}
        form["seen"] = admission.form_token(said["token"], now=time.time() - 30)
        assert visitor.post(SIGNUP, form, headers={"origin": f"http://{HOST}"}).status_code == 302
        assert Tenant.objects.filter(slug=form["slug"]).exists()


def test_a_token_of_another_browser_is_refused(visitors):
    first, second = (hidden(visitor.get(SIGNUP)) for visitor in visitors)
    form = {**answers(), **second, "csrfmiddlewaretoken": "x" * len(first["csrfmiddlewaretoken"])}
    assert visitors[1].post(SIGNUP, form, headers={"origin": f"http://{HOST}"}).status_code == 403


def test_who_brings_something_gets_a_page_of_their_own(visitors, client_for, people, acme):
    plain, _ = (visitor.get(SIGNUP) for visitor in visitors)
    assert "You picked" in client_for().get(f"{SIGNUP}?plan=team").content.decode()
    assert "You picked" not in plain.content.decode()
    assert client_for(people.acme_owner).get(SIGNUP).status_code == 302
    back = client_for()
    refused = back.post(SIGNUP, answers(slug="a"))
    assert "form-errors" in refused.content.decode()
    assert "form-errors" not in back.get(SIGNUP).content.decode()
    as_json = visitors[1].get(SIGNUP, headers={"x-requested-with": "XMLHttpRequest"})
    assert as_json["Content-Type"] == "application/json"


def test_what_is_kept_has_each_token_once(rf):
    request: HttpRequest = rf.get(SIGNUP)

    def twice() -> HttpResponse:
        return HttpResponse("".join(f'<input name="{name}" value="1">' for name in TOKENS) * 2)

    form_page.forget()
    assert [form_page.answer(request, twice).content for _ in range(2)] == [twice().content] * 2
