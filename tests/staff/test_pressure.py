"""Staff see the level and why, set it by hand, and end it."""

from __future__ import annotations

import pytest

from events import pressure
from events.models import OutboxEvent
from identity.persons import person_of

PAGE, SET, END = "/staff/pressure/", "/staff/pressure/by-hand/", "/staff/pressure/by-hand/end/"
SAID = {"level": "2", "hours": "4", "because": "In the news"}
pytestmark = pytest.mark.usefixtures("pressure_of")


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.mark.parametrize("address", [SET, END])
def test_nobody_else_sets_it(client_for, people, acme, address):
    visitor = client_for().post(address, SAID)
    assert visitor.status_code == 302
    assert "/login/" in visitor["Location"]
    assert client_for(people.acme_owner).post(address, SAID).status_code == 404
    assert client_for(people.acme_owner, acme).post(address, SAID).status_code == 404
    assert pressure.history() == []


def test_who_signed_in_long_ago_is_asked_again(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    old = client_for(people.outsider, hours_ago=3)
    assert old.post(SET, SAID).status_code == 302
    assert pressure.history() == []


def test_it_is_set_and_ended_and_both_say_who(staff, people, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.post(SET, SAID).status_code == 302
    page = staff.get(PAGE).content.decode()
    assert "Level 2 of 3: Much" in page
    assert "In the news" in page
    assert "End it now" in page
    with django_capture_on_commit_callbacks(execute=True):
        assert staff.post(END).status_code == 302
    assert "Level 0 of 3: None" in staff.get(PAGE).content.decode()
    assert [line.by for line in pressure.history()] == [people.outsider.email] * 2
    row = OutboxEvent.objects.filter(payload__contains="Pressure Changed").first()
    assert str(person_of(people.outsider).pk).replace("-", "") in row.payload


@pytest.mark.parametrize("said", [{**SAID, "because": ""}, {**SAID, "level": "9"}, {}])
def test_what_is_missing_is_said_and_nothing_changes(staff, said):
    answer = staff.post(SET, said)
    assert answer.status_code == 400
    assert "Set by hand" in answer.content.decode()
    assert pressure.history() == []


def test_it_says_what_is_left_out_now_and_how_the_signals_are(staff, pressure_of):
    pressure_of(1)
    page = staff.get(PAGE).content.decode()
    assert page.count("in force</span>") == 3  # alerts, digests, page views
    for words in ("Stream of events, full", "Web threads that are busy", "level 1 from 50 %"):
        assert words in page
    part = staff.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="staff-live"' in part


@pytest.mark.urls("plg_site.urls.site")
def test_usage_of_all_workspaces_waits_from_the_second_level_on(staff, pressure_of):
    assert staff.get("/staff/usage/").status_code == 200
    pressure_of(2)
    answer = staff.get("/staff/usage/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "60"
    assert "calmer" in answer.content.decode()
    assert staff.get("/staff/log/").status_code == 200


def test_without_redis_the_page_stands(staff, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    page = staff.get(PAGE)
    assert page.status_code == 200
    assert "not known" in page.content.decode()
