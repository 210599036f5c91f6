"""The waiting room of sign-up through the page, as a browser without JavaScript goes."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.redis import Keys, quick
from events.shedding import rounds
from tenants import hashed_secrets
from tenants.models import Invitation, Role, Tenant
from tenants.signing_up import admission, line, waiting_room
from tests.tenants.signing_up.form import loaded

SIGNUP, PLACE = "/signup/", "/signup/place/"
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def one_an_hour(settings, pressure_of):
    """Under the highest pressure, and the first one takes what there is."""
    settings.SIGNUPS_FROM_WAITING_ROOM = "1/h"
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    client.delete(*line._keys())
    pressure_of(3)
    yield
    client.delete(*line._keys())


def answers() -> dict[str, str]:
    slug = f"room-{uuid4().hex[:8]}"
    form = {"name": "Nora", "email": f"{slug}@example.org", "workspace_name": slug, "slug": slug}
    return {**form, **loaded()}


def made(form: dict[str, str]) -> bool:
    return Tenant.objects.filter(slug=form["slug"]).exists()


def is_form(answer) -> bool:
    return 'name="workspace_name"' in answer.content.decode()


def someone_first(client_for) -> None:
    assert is_form(client_for().get(SIGNUP))


def text(answer) -> str:
    return re.sub(r"<[^>]+>", "", answer.content.decode())


def test_below_the_highest_level_there_is_no_waiting_room(client_for, pressure_of):
    pressure_of(2)
    for _ in range(3):
        answer = client_for().get(SIGNUP)
        assert is_form(answer)
        assert waiting_room.COOKIE not in answer.cookies


def test_who_waits_sees_a_place_on_a_page_that_asks_again_by_itself(client_for):
    someone_first(client_for)
    answer = client_for().get(SIGNUP)
    assert not is_form(answer)
    assert "You are number 1 in line" in text(answer)
    assert "about 60 minutes" in text(answer)
    assert int(answer["Refresh"]) <= 15
    assert "no-store" in answer["Cache-Control"]


def test_the_page_asks_no_database(client_for):
    someone_first(client_for)
    client = client_for()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(SIGNUP)
    assert len(asked) == 0


def test_a_reload_keeps_the_place_and_another_browser_comes_after(client_for):
    someone_first(client_for)
    first, second = client_for(), client_for()
    assert "number 1 in" in text(first.get(SIGNUP))
    assert "number 2 in" in text(second.get(SIGNUP))
    assert "number 1 in" in text(first.get(SIGNUP))
    assert "number 2 in" in text(second.get(SIGNUP))


def test_with_the_turn_comes_the_form_and_it_is_good_for_one_workspace(client_for):
    client, form, other = client_for(), answers(), answers()
    assert is_form(client.get(SIGNUP))
    assert client.post(SIGNUP, form).status_code == 302
    assert made(form)
    client.logout()
    assert is_form(client.post(SIGNUP, other))  # back, with what was typed
    assert not made(other)


def test_a_second_click_ends_where_the_first_one_did(client_for):
    client, form = client_for(), answers()
    client.get(SIGNUP)
    assert client.post(SIGNUP, form).status_code == 302
    again = client.post(SIGNUP, form)
    assert again.status_code == 302
    assert Tenant.objects.filter(slug__startswith=form["slug"]).count() == 1


def test_what_was_typed_before_it_opened_comes_back_with_the_place(client_for):
    someone_first(client_for)
    client, form = client_for(), {**answers(), "password1": "a long enough secret"}
    answer = client.post(SIGNUP, form)
    page = answer.content.decode()
    assert not made(form)
    for typed in (form["email"], form["slug"], "a long enough secret"):
        assert typed in page
    assert f'src="{PLACE}"' in page
    assert "no-store" in answer["Cache-Control"]
    part = client.get(PLACE)
    assert "You are number 1 in line" in text(part)
    assert int(part["Refresh"]) <= 15


def test_and_goes_through_once_it_is_their_turn(client_for, settings):
    someone_first(client_for)
    client, form = client_for(), answers()
    client.post(SIGNUP, form)
    settings.SIGNUPS_FROM_WAITING_ROOM = "1000/s"
    part = client.get(PLACE)
    assert "It is your turn" in text(part)
    assert "Refresh" not in part
    assert client.post(SIGNUP, form).status_code == 302
    assert made(form)


def test_a_form_that_comes_back_for_another_step_keeps_the_turn(client_for, settings):
    settings.SIGNUPS_UNSEEN = settings.SIGNUPS_UNSEEN_BY_ADDRESS = "1/h"
    settings.SIGNUP_FORM_SECONDS = 3600  # nothing speaks for them
    first, client, form = client_for(), client_for(), answers()
    settings.SIGNUPS_FROM_WAITING_ROOM = "1000/s"
    first.get(SIGNUP)
    assert first.post(SIGNUP, answers()).status_code == 302
    client.get(SIGNUP)
    assert client.post(SIGNUP, form).status_code == 200  # one more step
    settings.SIGNUPS_FROM_WAITING_ROOM = "1/h"
    settings.SIGNUP_FORM_SECONDS = 2
    assert client.post(SIGNUP, form).status_code == 302
    assert made(form)


def test_who_holds_a_signed_link_or_an_invitation_passes(client_for, acme, people):
    someone_first(client_for)
    link = admission.link_token("fair", days=1)
    assert is_form(client_for().get(SIGNUP, {"via": link}))
    form = {**answers(), "via": link}
    assert client_for().post(SIGNUP, form).status_code == 302
    secret = invited(acme, people.acme_owner)
    assert is_form(client_for().get(SIGNUP, {"next": f"/invitations/{secret}/"}))
    assert not is_form(client_for().get(SIGNUP, {"next": "/invitations/made-up/"}))
    assert not is_form(client_for().get(SIGNUP, {"via": "made-up"}))


def test_a_ticket_that_somebody_wrote_is_none(client_for):
    someone_first(client_for)
    client = client_for()
    client.cookies[waiting_room.COOKIE] = "W1siYSIsMV0:1:made-up"
    assert "You are number 1 in line" in text(client.get(SIGNUP))


@pytest.fixture
def nobody_looks():
    """The row, which is asked without Redis, knows nothing of a test's level."""
    with rounds.turn:
        yield


def test_without_redis_so_many_are_let_in_by_each_process(client_for, settings, nobody_looks):
    settings.SIGNUPS_FROM_WAITING_ROOM = "2/h"
    settings.REDIS_URL = NOBODY
    let_in = [client for client in (client_for() for _ in range(6)) if is_form(client.get(SIGNUP))]
    assert len(let_in) == 2
    assert is_form(let_in[0].get(SIGNUP))  # a reload does not lose it
    form = answers()
    assert let_in[0].post(SIGNUP, form).status_code == 302
    assert made(form)
    waits = client_for().get(SIGNUP)
    assert "there is no place in line at this moment" in text(waits)
    assert waits["Refresh"] == "15"


def test_sign_in_has_no_waiting_room(client_for):
    someone_first(client_for)
    assert client_for().get("/login/").status_code == 200


def test_who_waits_is_counted(client_for):
    from events.shedding import measure

    someone_first(client_for)
    client_for().get(SIGNUP)
    measure.tell_counts()
    assert int(quick(django_settings.REDIS_URL).hget(Keys("test-events").shed, "signup")) == 1


def invited(tenant, by) -> str:
    secret = uuid4().hex
    Invitation.objects.create(
        tenant=tenant,
        email="new@example.org",
        role=Role.MEMBER,
        invited_by=by,
        token_hash=hashed_secrets.hash_secret(secret),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return secret
