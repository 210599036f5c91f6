"""Whoever has just done something finds it counted, on every page and in every answer.

Nothing is moved into the store here: what was done waits in the outbox and in the stream.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from uuid_utils.compat import uuid7

from metering.definitions import catalogue
from tenants.members.membership import add_member
from tenants.models import Role

SIZE = 5 * 1024 * 1024  # so much that it shows in whole megabytes
IN_UNITS = {"bytes": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def _make_link(world):
    world.member.post("/links/new/", {"target_url": "https://example.com/"})


def _click(world):
    world.visitor.get(f"/{world.link.code}")


def _upload(world):
    world.member.post("/files/", {"file": SimpleUploadedFile("a.txt", b"x" * SIZE)})


def _report(world):
    event = {
        "specversion": "1.0",
        "id": uuid7().hex,
        "source": "shop",
        "type": "Conversion Reported",
    }
    response = world.api.post("/events", [{**event, "time": datetime.now(UTC).isoformat()}])
    assert response.status_code == 204


def _join(world):
    add_member(world.acme, user=world.people.outsider, role=Role.MEMBER)


def _call(world):
    world.api.get("/links")


DONE = {
    "links": (_make_link, 1),
    "clicks": (_click, 1),
    "visitors": (_click, 1),
    "conversions": (_report, 1),
    "storage": (_upload, SIZE),
    "seats": (_join, 1),
    "api_calls": (_call, 1),
}


@pytest.fixture
def world(member, visitor, api, acme, people, make_link, settle):
    from types import SimpleNamespace

    link = make_link()
    settle()
    return SimpleNamespace(
        member=member, visitor=visitor, api=api, acme=acme, people=people, link=link
    )


def _same(shown, amount):
    """Bytes are shown with one decimal of their unit."""
    return shown == pytest.approx(amount, abs=0.1 * 1024**2 if amount >= SIZE else 0)


def _number(text):
    amount, _, unit = text.replace("\xa0", " ").replace(",", "").partition(" ")
    return float(amount) * IN_UNITS.get(unit, 1)


def _on_page(world, address, ident):
    """What the meter with this id says on a page."""
    page = world.member.get(address).content.decode()
    found = re.search(rf'{ident}.*?meter__value"><strong>([^<]+)</strong>', page, re.S)
    assert found, f"{address} has no {ident}"
    return _number(found[1])


PLACES = {
    "the usage page": lambda world, key: _on_page(world, "/usage/", f'id="meter-{key}"'),
    "its live part": lambda world, key: _on_page(world, "/usage/live/", f'id="meter-{key}"'),
    "the meter's page": lambda world, key: _on_page(world, f"/usage/{key}/", f'id="meter-{key}"'),
    "the list of usage": lambda world, key: next(
        each["used"] for each in world.api.get("/usage").json() if each["meter"] == key
    ),
    "usage over time": lambda world, key: world.api.get(f"/usage/{key}?range=today").json()[
        "total"
    ],
    "the meter's answer": lambda world, key: sum(
        row["value"] for row in world.api.get(f"/meters/{key}/query").json()["data"]
    ),
    "a file of it": lambda world, key: sum(
        float(row["value"])
        for row in csv.DictReader(
            world.api.get(f"/usage/{key}?range=today&format=csv").getvalue().decode().splitlines()
        )
    ),
}


def test_every_meter_of_the_catalogue_has_its_action():
    assert DONE.keys() == {key for key in catalogue.meters() if not catalogue.get(key).beside}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("key", DONE)
def test_what_was_just_done_is_in_the_number(world, key, place):
    do, amount = DONE[key]
    before = PLACES[place](world, key)
    do(world)
    # A question over the API is one more API call itself.
    calls = int(key == "api_calls" and not place.endswith(("page", "part")))
    assert _same(PLACES[place](world, key), before + amount + calls)


def test_home_follows_a_new_link_and_says_what_the_page_shows(world):
    before = _on_page(world, "/", ">Links<")
    answer = world.member.post(
        "/links/new/", {"target_url": "https://example.com/"}, headers={"HX-Request": "true"}
    ).content.decode()
    shown = re.search(r'>Links<.*?meter__value"><strong>([^<]+)</strong>', answer, re.S)
    assert _number(shown[1]) == before + 1
    assert _on_page(world, "/", ">Links<") == before + 1


def test_files_say_how_much_is_stored_after_an_upload(world):
    before = _on_page(world, "/files/", ">Storage<")
    _upload(world)
    assert _on_page(world, "/files/", ">Storage<") == pytest.approx(
        before + SIZE, abs=0.1 * 1024**2
    )
    assert _on_page(world, "/files/storage/", ">Storage<") == pytest.approx(
        before + SIZE, abs=0.1 * 1024**2
    )


def test_a_link_shows_the_click_of_a_moment_ago_wherever_it_is_listed(world):
    _click(world)
    for address in (f"/links/{world.link.id}/", "/links/", "/"):
        page = world.member.get(address).content.decode()
        assert re.search(r'(Clicks so far</dt><dd class="num">|data-label="Clicks">)1<', page), (
            address
        )
    assert world.api.get(f"/links/{world.link.id}").json()["clicks"] == 1


LIVE = {
    "/": ("/live/", "home-live"),
    "/files/": ("/files/storage/", "files-storage"),
    "/links/": ("/links/", "links-table"),
    "/links/{link}/": ("/links/{link}/", "link-live"),
    "/usage/": ("/usage/live/", "usage-live"),
}


@pytest.mark.parametrize("page", LIVE)
def test_pages_that_show_usage_follow_it_and_leave_alone_what_is_the_same(world, page):
    address, ident = LIVE[page]
    htmx = {"HX-Request": "true"}
    html = world.member.get(page.format(link=world.link.id)).content.decode()
    assert f'id="{ident}"' in html
    assert "js/live" in html
    part = re.search(rf'id="{ident}".*?hx-get="([^"]+)"', html, re.S)[1].replace("&amp;", "&")
    assert part.startswith(address.format(link=world.link.id))
    assert world.member.get(part, headers=htmx).status_code == 204
    _click(world) if page != "/files/" else _upload(world)
    changed = world.member.get(part, headers=htmx)
    assert changed.status_code == 200
    assert changed.content.decode().count(f'id="{ident}"') == 1


def test_an_outsider_gets_no_part_of_a_page(client_for, people, acme):
    for address in ("/live/", "/files/storage/"):
        assert client_for(people.outsider, acme).get(address).status_code == 404
        assert client_for(None, acme).get(address).status_code == 302
