"""Staff find people, read what they did, join them, export and forget them; nobody else does."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.contrib.auth.models import Permission
from uuid_utils.compat import uuid7

import events
from events.event import Event
from events.store import get_store
from identity.models import Erasure, Person, PersonMerge
from identity.people.identifiers import persons
from identity.persons import person_of
from outbound.models import Message
from staff.models import Look
from tests.identity.people.told import NOON, follow, identify

pytestmark = pytest.mark.django_db
PEOPLE = "/staff/people/"


def an_event(name: str, **said: Any) -> Event:
    """As it arrives at the store."""
    return Event(**{"id": uuid7(), "name": name, "time": NOON, "received_at": NOON, **said})


@pytest.fixture
def staff(client_for, people):
    people.outsider.is_staff = True
    people.outsider.save()
    return client_for(people.outsider)


@pytest.fixture
def trusted(staff, people):
    """Staff with the rights of their own."""
    names = ["merge_person", "export_person", "erase_person"]
    people.outsider.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff


@pytest.fixture
def ada():
    follow(
        identify(
            "1", user="u1", browser="b1", traits={"email": "ada@x.example", "name": "Ada", "n": 3}
        )
    )
    return Person.objects.get(pk=persons(["u1"])["u1"])


def pages(person: Person) -> list[tuple[str, str]]:
    merge = PersonMerge(kept=person, merged=Person.objects.create(), how="staff")
    merge.save()
    receipt = Erasure.objects.create(person=UUID(int=1), reason="x")
    one = f"{PEOPLE}{person.pk}/"
    return [
        ("get", PEOPLE),
        ("get", one),
        ("get", f"{one}timeline/"),
        ("get", f"{one}merge/"),
        ("post", f"{one}merge/"),
        ("post", f"{one}export/"),
        ("get", f"{one}forget/"),
        ("post", f"{one}forget/"),
        ("post", f"{PEOPLE}merges/{merge.pk}/undo/"),
        ("get", f"{PEOPLE}forgotten/"),
        ("get", f"{PEOPLE}forgotten/{receipt.pk}/"),
    ]


def test_a_stranger_finds_nothing(log, client_for, people, ada):
    for method, path in pages(ada):
        visitor = getattr(client_for(None), method)(path)
        assert visitor.status_code == 302
        assert "/login/?next=" in visitor["Location"]
        assert getattr(client_for(people.acme_owner), method)(path).status_code == 404
    assert not Look.objects.exists()


def test_staff_look_and_need_a_right_for_more(log, staff, ada):
    answers = {
        (method, path.removeprefix(PEOPLE)[36:]): getattr(staff, method)(path).status_code
        for method, path in pages(ada)
        if "forgotten" not in path and "undo" not in path
    }
    assert {key for key, status in answers.items() if status == 403} == {
        ("get", "/merge/"),
        ("post", "/merge/"),
        ("post", "/export/"),
        ("get", "/forget/"),
        ("post", "/forget/"),
    }
    assert Look.objects.filter(kind="person", subject=ada.pk).count() == 1
    ada.refresh_from_db()
    assert ada.email == "ada@x.example"


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("q=ada@x", True),
        ("q=Ada", True),
        ("q=u1", True),
        ("q=b1", False),
        ("q=bob", False),
        ("attribute=n&value=3", True),
        ("attribute=n&value=4", False),
        ("attribute=n", True),
        ("attribute=nothing", False),
        ("attribute=n&value=%7B%22", False),
        ("workspace=acme", False),
        ("page=99999&q=ada", True),
        (f"q={'x' * 5000}", False),
    ],
)
def test_people_are_found_by_what_is_known_of_them(staff, ada, query, is_found):
    answer = staff.get(f"{PEOPLE}?{query}")
    assert answer.status_code == 200
    assert (f"/staff/people/{ada.pk}/" in answer.content.decode()) is is_found


def test_members_are_found_by_their_workspace(staff, people, acme):
    owner = person_of(people.acme_owner)
    text = staff.get(f"{PEOPLE}?workspace={acme.slug}").content.decode()
    assert str(owner.pk) in text
    assert people.acme_owner.email in text


def test_the_page_says_what_is_believed_and_who_said_it(log, staff, ada):
    text = staff.get(f"{PEOPLE}{ada.pk}/").content.decode()
    for part in ("Ada", "ada@x.example", "A server of ours said so", "u1", "b1", "Timeline"):
        assert part in text


def test_the_page_says_what_was_sent_to_them(log, staff, ada):
    row = Message.objects.create(
        once_key=f"x:{ada.pk}",
        topic="welcome",
        channel="mail",
        person_id=ada.pk,
        subject="Welcome, Ada",
    )
    text = staff.get(f"{PEOPLE}{ada.pk}/").content.decode()
    assert "Welcome, Ada" in text
    assert row.get_state_display() in text
    assert f"/staff/messages/?q={ada.pk}" in text


def test_the_timeline_has_what_they_did_before_they_were_known(log, staff, ada):
    before = an_event("Page Viewed", time=NOON, anonymous_id="b1", properties={"path": "/blog/"})
    after = an_event("Thing Used", time=NOON, person=ada.pk, tenant="w_x")
    other = an_event("Thing Used", time=NOON, person=UUID(int=9), anonymous_id="b1")
    get_store().append([before, after, other])
    address = f"{PEOPLE}{ada.pk}/timeline/"
    text = staff.get(address).content.decode()
    assert "/blog/" in text
    assert "not known then" in text
    assert text.count("Thing Used</span>") == 1
    only = staff.get(f"{address}?name=Page Viewed").content.decode()
    assert "Thing Used</span>" not in only
    assert "Nothing fits" in staff.get(f"{address}?last=2020-01-01").content.decode()
    for wrong in ("first=x", "first=2026-02-02&last=2026-02-01", "before=nonsense"):
        assert staff.get(f"{address}?{wrong}").status_code == 200


def test_it_is_read_page_by_page(log, staff, ada):
    get_store().append(
        [
            an_event("Thing Used", time=NOON, person=ada.pk, id=uuid5(ada.pk, str(n)))
            for n in range(120)
        ]
    )
    address, seen = f"{PEOPLE}{ada.pk}/timeline/", 0
    for expected in (50, 50, 20):
        answer = staff.get(address)
        lines = answer.context["lines"]
        assert len(lines) == expected
        seen += len(lines)
        address = f"{PEOPLE}{ada.pk}/timeline/?before={answer.context['older']}"
    assert seen == 120
    assert answer.context["older"] == ""


def test_without_the_log_the_page_says_so(log, staff, ada, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    assert "does not answer" in staff.get(f"{PEOPLE}{ada.pk}/timeline/").content.decode()


def test_two_are_joined_and_taken_apart(trusted, people, ada):
    follow(identify("2", user="u2", traits={"email": "ada@x.example", "city": "Oslo"}))
    other = Person.objects.get(pk=persons(["u2"])["u2"])
    address = f"{PEOPLE}{ada.pk}/merge/"
    assert f"other={other.pk}" in trusted.get(address).content.decode()  # the same address
    assert "Oslo" in trusted.get(f"{address}?other={other.pk}").content.decode()
    for wrong in ({}, {"other": "x", "reason": "y"}, {"other": str(other.pk), "reason": " "}):
        assert trusted.post(address, wrong).status_code == 400
    answer = trusted.post(address, {"other": str(other.pk), "reason": "Wrote to us."})
    assert answer["Location"] == f"{PEOPLE}{ada.pk}/"
    made = PersonMerge.objects.get()
    assert (made.by, made.reason) == (people.outsider, "Wrote to us.")
    text = trusted.get(answer["Location"]).content.decode()
    assert "Oslo" in text
    assert "Wrote to us." in text
    assert "turned out to be" in trusted.get(f"{PEOPLE}{other.pk}/").content.decode()
    assert str(other.pk) not in trusted.get(PEOPLE).content.decode()
    trusted.post(f"{PEOPLE}merges/{made.pk}/undo/")
    other.refresh_from_db()
    assert other.merged_into is None
    assert "before" in trusted.post(f"{PEOPLE}merges/{made.pk}/undo/", follow=True).content.decode()


def test_the_archive_has_everything_that_is_known(log, trusted, ada, people):
    get_store().append([an_event("Thing Used", time=NOON, person=ada.pk)])
    answer = trusted.post(f"{PEOPLE}{ada.pk}/export/")
    made = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    known = json.loads(made.read("person.json"))
    assert known["attributes"] == {"email": "ada@x.example", "name": "Ada", "n": 3}
    assert {row["by"] for row in known["said"]} == {"server"}
    assert known["called"] == ["u1"]
    lines = made.read("events.jsonl").decode().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["Thing Used"]
    owner = person_of(people.acme_owner)
    answer = trusted.post(f"{PEOPLE}{owner.pk}/export/")
    made = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    known = json.loads(made.read("person.json"))
    assert known["profile"]["email"] == people.acme_owner.email
    assert "messages" in known


def test_it_is_no_export_without_the_log(log, trusted, ada, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    answer = trusted.post(f"{PEOPLE}{ada.pk}/export/")
    assert answer.status_code == 503
    assert "Try again" in answer.content.decode()


def test_who_is_forgotten_leaves_a_receipt(log, trusted, ada):
    from identity.privacy import finish_all

    get_store().append([an_event("Thing Used", time=NOON, person=ada.pk, tenant="w_x")])
    address = f"{PEOPLE}{ada.pk}/forget/"
    for wrong in (
        {},
        {"reason": "x"},
        {"reason": "x", "word": "yes"},
        {"reason": " ", "word": "forget"},
    ):
        assert trusted.post(address, wrong).status_code == 400
    answer = trusted.post(address, {"reason": "Asked by mail.", "word": "Forget"})
    receipt = answer["Location"]
    assert "being rewritten" in trusted.get(receipt).content.decode()
    with events.batch():
        assert finish_all() == 1
    text = trusted.get(receipt).content.decode()
    assert "Asked by mail." in text
    assert "ada@x.example" not in text
    assert Erasure.objects.get().sealed == ""
    assert not get_store().find(person=ada.pk)
    assert len(get_store().find(tenant="w_x")) == 1
    assert (
        "forgotten before"
        in trusted.post(address, {"reason": "x", "word": "forget"}).content.decode()
    )
    assert receipt in trusted.get(f"{PEOPLE}forgotten/").content.decode()


def test_who_owns_a_workspace_is_not_forgotten_before_somebody_else_does(log, trusted, people):
    owner = person_of(people.acme_owner)
    answer = trusted.post(f"{PEOPLE}{owner.pk}/forget/", {"reason": "Asked.", "word": "forget"})
    assert answer.status_code == 400
    assert "stands in the way" in answer.content.decode()
    owner.refresh_from_db()
    assert owner.email == people.acme_owner.email
    mine = person_of(people.outsider)
    answer = trusted.post(f"{PEOPLE}{mine.pk}/forget/", {"reason": "x", "word": "forget"})
    assert "That is you" in answer.content.decode()
