"""How far readers are: on the staff page, which outsiders do not see, in doctor and in health."""

from __future__ import annotations

import pytest

from events import health
from events.readers import Reader, control, reader
from events.readers.following import Following
from events.readers.pages import Pages
from plg_site.doctor import readers as check
from tests.events.log import an_event

PATH = "/staff/log/"


def handle(events, session) -> None:
    if any(event.properties.get("bad") for event in events):
        raise LookupError("no such shelf")


@pytest.fixture
def warehouse(log, db, monkeypatch):
    monkeypatch.setattr(reader, "_registered", {})
    made = Reader("warehouse", handle, starts="beginning", tries=1)
    reader.register(made)
    return made


def step(log, made) -> None:
    Following(made, order=log.store.order, pages=Pages(log.store.order)).step()


def levels() -> list[tuple[str, str]]:
    return [(each.level.value, each.says) for each in check.look()]


def test_staff_see_how_far_a_reader_is_and_nobody_else_does(log, warehouse, client_for, people):
    log.store.append([an_event() for _ in range(3)])
    people.outsider.is_staff = True
    people.outsider.save()
    page = client_for(people.outsider).get(PATH).content.decode()
    assert "warehouse" in page
    assert "has never run" in page
    step(log, warehouse)
    page = client_for(people.outsider).get(PATH).content.decode()
    assert "follows" in page
    assert client_for(people.acme_owner).get(PATH).status_code == 404
    assert "warehouse" not in client_for(None).get(PATH).content.decode()


def test_an_event_that_was_put_aside_is_an_alarm_without_what_it_says(
    log, warehouse, client_for, people
):
    log.store.append([an_event(bad=True, secret="s3cr3t")])
    step(log, warehouse)
    people.outsider.is_staff = True
    people.outsider.save()
    page = client_for(people.outsider).get(PATH).content.decode()
    assert "has put 1 event aside" in page
    assert "s3cr3t" not in page


def test_doctor_says_what_is_wrong_with_a_reader_and_what_to_do(log, warehouse):
    log.store.append([an_event() for _ in range(2)])
    assert levels() == [("warning", "warehouse has never run")]
    step(log, warehouse)
    assert levels() == [("fine", "warehouse is 0 events behind")]
    control.pause(warehouse)
    assert levels()[0][0] == "warning"
    control.resume(warehouse)
    log.store.append([an_event(bad=True)])
    step(log, warehouse)
    assert levels() == [("problem", "warehouse has put 1 event aside")]
    control.drop(warehouse)
    assert levels()[0][0] == "fine"


def test_nobody_who_follows_is_fine(log, db, monkeypatch):
    monkeypatch.setattr(reader, "_registered", {})
    assert levels() == [("fine", "nobody follows the log")]


def test_health_says_the_position_and_how_much_is_behind(log, warehouse):
    log.store.append([an_event()])
    step(log, warehouse)
    log.store.append([an_event(), an_event()])
    [standing] = health.readers()
    assert (standing.name, standing.events, standing.behind) == ("warehouse", 1, 2)
    assert standing.position
    assert standing.lag().total_seconds() >= 0
