"""Staff make sources and end them, and decide on names of events that nobody registered."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from events.event import decode
from events.models import OutboxEvent
from identity import collecting
from identity.models import EventName, Source, Trouble
from identity.persons import person_of

SOURCES, MAKE, NAMES = "/staff/sources/", "/staff/sources/new/", "/staff/event-names/"
SAID = {"name": "Backend", "kind": "server"}


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.fixture
def unplanned(db):
    now = timezone.now()
    return EventName.objects.create(
        name="Boat Moored", count=3, first_seen_at=now, last_seen_at=now,
        example={"knots": 3, "calm": True, "<b>": "x", "more": {"a": 1}},
    )  # fmt: skip


def test_nobody_else_sees_or_does_any_of_it(client_for, people, acme, unplanned):
    source, _ = collecting.create("Backend", kind="server")
    one = f"{NAMES}{unplanned.pk}/"
    reads, writes = [SOURCES, NAMES, one], [MAKE, f"{SOURCES}{source.pk}/end/", f"{one}decision/"]
    for address in reads + writes:
        ask = "get" if address in reads else "post"
        visitor = getattr(client_for(), ask)(address)
        assert visitor.status_code == 302
        assert "/login/" in visitor["Location"]
        assert getattr(client_for(people.acme_owner), ask)(address).status_code == 404
        assert getattr(client_for(people.acme_owner, acme), ask)(address).status_code == 404
    unplanned.refresh_from_db()
    source.refresh_from_db()
    assert (unplanned.state, source.ended_at, Source.objects.count()) == ("unplanned", None, 1)


def test_the_log_keeps_who_decided(staff, people, unplanned):
    staff.post(MAKE, SAID)
    staff.post(f"{SOURCES}{Source.objects.get().pk}/end/")
    staff.post(f"{NAMES}{unplanned.pk}/decision/", {"state": "blocked", "properties": ""})
    mine = person_of(people.outsider).pk
    told = [decode(row.payload) for row in OutboxEvent.objects.order_by("pk")]
    assert [each.name for each in told if each.person == mine] == [
        "Source Created",
        "Source Ended",
        "Event Name Decided",
    ]


def test_an_example_says_nothing_of_who_was_forgotten(unplanned):
    unplanned.example = {"who": ["Ada@x.example and me"]}
    unplanned.save()
    assert collecting.forget(["bob@x.example"]) == 0
    assert collecting.forget(["ada@x.example", "bob"]) == 1
    unplanned.refresh_from_db()
    assert unplanned.example == {}
    assert collecting.forget([]) == 0


def test_a_source_is_made_its_key_is_shown_once_and_it_ends(staff, client_for, people):
    page = staff.post(MAKE, SAID).content.decode()
    [key] = re.findall(r'value="(wk[0-9a-f]{32})"', page)
    source = Source.objects.get(name="Backend")
    assert source.key_hash == collecting.hashed(key) != key
    assert key not in staff.get(SOURCES).content.decode()
    again = staff.post(MAKE, SAID)
    assert again.status_code == 400
    assert "There is a source named “Backend”" in again.content.decode()
    for wrong in ({}, {**SAID, "name": " "}, {**SAID, "kind": "boat"}, {**SAID, "name": "x" * 81}):
        assert staff.post(MAKE, wrong).status_code == 400
    assert Source.objects.count() == 1
    old = client_for(people.outsider, hours_ago=3)
    assert old.post(f"{SOURCES}{source.pk}/end/").status_code == 302
    source.refresh_from_db()
    assert source.ended_at is None
    assert collecting.load().by_hash[source.key_hash].is_trusted
    assert staff.post(f"{SOURCES}{source.pk}/end/").status_code == 302
    assert source.key_hash not in collecting.load().by_hash
    assert "Ended" in staff.get(SOURCES).content.decode()


def test_a_name_is_planned_from_its_example_or_blocked(staff, unplanned):
    page = staff.get(NAMES).content.decode()
    assert "Boat Moored" in page
    one = staff.get(f"{NAMES}{unplanned.pk}/").content.decode()
    for line in ("knots: number", "calm: flag", "&lt;b&gt;: text", "more: any"):
        assert line in one
    decision = f"{NAMES}{unplanned.pk}/decision/"
    for wrong in ("knots", "knots: boat", "knots: number\nknots: text", ": text"):
        answer = staff.post(decision, {"state": "planned", "properties": wrong})
        assert answer.status_code == 400, wrong
    assert staff.post(decision, {"state": "boat"}).status_code == 400
    assert collecting.load().planned == {}
    said = {"state": "planned", "properties": "knots: number\r\ncalm: flag?\r\n"}
    assert staff.post(decision, said).status_code == 302
    assert collecting.load().planned == {"Boat Moored": {"knots": "number", "calm": "flag?"}}
    assert f"{NAMES}{unplanned.pk}/" not in staff.get(NAMES).content.decode()
    assert "Boat Moored" in staff.get(f"{NAMES}?state=planned").content.decode()
    staff.post(decision, {"state": "blocked", "properties": ""})
    assert collecting.load().blocked == {"Boat Moored"}
    assert staff.get(f"{NAMES}0/").status_code == 404


def test_troubles_are_shown_with_their_reason_and_an_example(staff):
    source, _ = collecting.create("Backend", kind="server")
    tally, now = collecting.Tally(), timezone.now()
    for _ in range(3):
        tally.trouble(
            source=source.pk, name="", reason="too_large", at=now, words="It takes 70,000 bytes.",
            example={"a": "<script>", "text": "x" * 5_000, "nul": "a\0b", "n": float("nan")},
        )  # fmt: skip
    collecting.write(tally.take())
    collecting.write(tally.take())
    row = Trouble.objects.get()
    assert (row.count, row.example["nul"], row.example["n"]) == (3, "ab", None)
    assert len(row.example["text"]) < 300
    page = staff.get(NAMES).content.decode()
    assert "It takes 70,000 bytes." in page
    assert "&lt;script&gt;" in page


def test_names_that_somebody_invents_are_bounded(db, monkeypatch):
    from identity.collecting import tally as tallies

    monkeypatch.setattr(tallies, "MOST_NAMES", 5)
    monkeypatch.setattr(tallies, "_MOST_AT_ONCE", 8)
    source, _ = collecting.create("Website", kind="website")
    tally, now = collecting.Tally(), timezone.now()
    for number in range(20):
        tally.name(f"Name {number}", source=source.pk, at=now, example={})
    collecting.write(tally.take())
    assert EventName.objects.count() == 5
    assert Trouble.objects.get().reason == "too_many_names"
    assert Trouble.objects.get().count == 15
    tally.name("Name 0", source=source.pk, at=now, example={})
    collecting.write(tally.take())
    assert EventName.objects.get(name="Name 0").count == 2
