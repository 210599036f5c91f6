"""The pages about one workspace and one person, the search box, and the trail of who looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from staff import panels, trail
from staff.models import Look


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.fixture
def addresses(acme, people):
    return [f"/staff/workspaces/{acme.pk}/", f"/staff/people/{people.acme_owner.person.pk}/"]


def text_of(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_outsiders_and_visitors_find_none_of_them(client_for, people, addresses):
    for path in addresses:
        assert client_for(people.acme_owner).get(path).status_code == 404
        assert client_for(None).get(path).status_code == 302
    assert not Look.objects.exists()


def test_a_workspace_has_one_page_with_what_each_app_knows(staff, acme, people):
    text = text_of(staff, f"/staff/workspaces/{acme.pk}/")
    for panel in ("Plan", "Members", "Usage", "Invoices", "Last activity", "Health"):
        assert f">{panel}</h2>" in text
    assert people.acme_owner.email in text
    assert "Free" in text
    assert acme.schema_name in text


def test_a_person_has_one_page_that_leads_to_their_workspaces(staff, acme, people):
    text = text_of(staff, f"/staff/people/{people.acme_owner.person.pk}/")
    assert people.acme_owner.email in text
    assert f"/staff/workspaces/{acme.pk}/" in text


def test_a_panel_that_fails_leaves_the_others(staff, acme):
    def broken(_subject):
        raise RuntimeError("no")

    before = list(panels._panels["workspace"])
    panels.register("workspace", panels.Panel("Broken", "staff/facts.html", broken))
    try:
        text = text_of(staff, f"/staff/workspaces/{acme.pk}/")
    finally:
        panels._panels["workspace"] = before
    assert "could not be asked just now" in text
    assert ">Health</h2>" in text


def test_the_search_box_finds_workspaces_and_people(staff, acme, people):
    text = text_of(staff, "/staff/search/?q=acme")
    assert f"/staff/workspaces/{acme.pk}/" in text
    address = text_of(staff, f"/staff/search/?q={people.acme_owner.email}")
    assert f"/staff/people/{people.acme_owner.person.pk}/" in address
    assert "Nothing fits" in text_of(staff, "/staff/search/?q=no-such-thing")


def test_who_looked_stands_in_the_trail_once(staff, people, addresses, acme):
    for path in [*addresses, *addresses]:
        staff.get(path)
    assert Look.objects.count() == 2
    text = text_of(staff, "/staff/trail/")
    assert acme.name in text
    assert people.acme_owner.email in text
    assert people.outsider.email in text


def test_the_trail_keeps_no_name_of_who_is_gone(staff, people):
    trail.note(people.outsider, "person", uuid4())
    assert "a person that is gone" in text_of(staff, "/staff/trail/")


def test_the_trail_ends_after_its_days(people, settings):
    settings.STAFF_TRAIL_DAYS = 10
    now = datetime.now(UTC)
    for days in (9, 11):
        trail.note(people.outsider, "person", uuid4(), now=now - timedelta(days=days))
    assert trail.forget(now=now) == 1
    assert Look.objects.count() == 1
