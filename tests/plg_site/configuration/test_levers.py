"""What a stranger could do to others through the pages alone, under the limits that are shipped."""

from __future__ import annotations

import html
import re
from io import BytesIO
from uuid import uuid4

import pytest
from django.core import mail
from django_tenants.utils import schema_exists

from plg_site import settings as shipped
from tenants.models import Tenant

HERE, ELSEWHERE = "198.51.100.1", "203.0.113.1"


@pytest.fixture(autouse=True)
def _as_shipped(settings):
    settings.ACCOUNT_RATE_LIMITS = shipped.ACCOUNT_RATE_LIMITS
    settings.SIGNUP_FORM_SECONDS = 0  # nobody waits here until a form looks filled in by a person


def sign_up(client, *, load: bool, **changes):
    slug = f"lev-{uuid4().hex[:8]}"
    form = {"name": "N", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    if load:
        page = client.get("/signup/").content.decode()
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page)
        form |= {name: html.unescape(value) for name, value in hidden}
    return slug, client.post("/signup/", {**form, **changes})


def test_wrong_passwords_of_a_stranger_lock_nobody_out(client_for, people):
    stranger = client_for(REMOTE_ADDR=HERE)
    for _ in range(12):
        stranger.post("/login/", {"login": people.acme_owner.email, "password": "wrong horse"})
    right = {"login": people.acme_owner.email, "password": "correct horse"}
    assert client_for(REMOTE_ADDR=ELSEWHERE).post("/login/", right).status_code == 302


def test_fifty_typos_behind_one_address_lock_nobody_else_out(client_for, people):
    for number in range(50):
        typo = {"login": f"typo-{number}@example.org", "password": "wrong horse"}
        client_for(REMOTE_ADDR=HERE).post("/login/", typo)
    right = {"login": people.acme_owner.email, "password": "correct horse"}
    assert client_for(REMOTE_ADDR=HERE).post("/login/", right).status_code == 302


def test_a_stranger_who_asks_for_my_code_again_and_again_does_not_make_it_worthless(
    client_for, people, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(6):
            client = client_for(REMOTE_ADDR=f"198.51.100.{number}")
            client.post("/login/code/", {"email": people.acme_owner.email})
    found = [re.search(r"^\s*([A-Z0-9]{4}-[A-Z0-9]{4})\s*$", m.body, re.M) for m in mail.outbox]
    codes = {each[1] for each in found if each}
    assert len(codes) == 1
    client.post("/login/code/confirm/", {"code": codes.pop()})
    assert "/login/" not in client.get("/go/")["Location"]


def test_no_one_who_asks_for_a_reset_is_refused_because_others_have(client_for, people):
    for number in range(8):
        client = client_for(REMOTE_ADDR=f"198.51.100.{number}")
        answer = client.post("/password/reset/", {"email": people.acme_owner.email})
        assert answer.status_code == 302


def test_people_behind_one_address_are_not_refused(client_for):
    for _ in range(30):
        _, answer = sign_up(client_for(REMOTE_ADDR=HERE), load=True)
        assert answer.status_code in {200, 302}
        assert answer.status_code == 302 or "data-proof" in answer.content.decode()


def test_a_post_that_never_loaded_the_form_takes_no_schema(client_for):
    slug, answer = sign_up(client_for(REMOTE_ADDR=HERE), load=False)
    assert answer.status_code in {200, 302}
    tenant = Tenant.objects.filter(slug=slug).first()
    assert tenant is None or not schema_exists(tenant.schema_name)


def test_many_of_them_with_one_address_send_it_one_mail(
    client_for, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(10):
            client = client_for(REMOTE_ADDR=f"198.51.100.{number}")
            sign_up(client, load=False, email="victim@example.org")
    assert len([m for m in mail.outbox if m.to == ["victim@example.org"]]) <= 1


class Untouched(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


def test_a_huge_body_to_the_sign_in_form_is_refused_unread(client_for):
    answer = client_for().generic(
        "POST",
        "/login/",
        **{
            "wsgi.input": Untouched(),
            "CONTENT_LENGTH": str(300 * 1024 * 1024),
            "CONTENT_TYPE": "multipart/form-data; boundary=x",
        },
    )
    assert answer.status_code == 413


def test_an_answer_that_says_too_often_says_until_when(client_for, people, settings):
    settings.ACCOUNT_RATE_LIMITS = {"change_password": "1/m/user"}
    client = client_for(people.acme_owner)
    said = {"oldpassword": "x", "password1": "y", "password2": "y"}
    answers = [client.post("/password/change/", said) for _ in range(2)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers.get("Retry-After")
