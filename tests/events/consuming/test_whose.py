"""Events whose person is found out when they are stored: while nobody can say, they wait, and they alone."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

import events
from events import later
from events.postgres import DatabaseAway
from events.store import get_store


class Persons:
    """Who knows the persons, and may be away."""

    def __init__(self, known):
        self.known, self.is_away, self.asked = known, False, []

    def __call__(self, words):
        self.asked.append(set(words))
        if self.is_away:
            raise DatabaseAway("It does not answer.")
        return {word: self.known[word] for word in words if word in self.known}


@pytest.fixture
def persons(monkeypatch):
    found = Persons({"nora": uuid4(), "otto": uuid4()})
    monkeypatch.setitem(later._persons, later.SESSION, found)
    return found


def stored(*ids):
    with get_store().connection() as connection:
        rows = connection.execute(
            "SELECT id, person, context FROM event WHERE id = ANY(%s)", [list(ids)]
        ).fetchall()
    return {each: (person, context) for each, person, context in rows}


def visit(word="", **context):
    said = {later.SESSION: word} if word else {}
    return events.record("Page Viewed", properties=PAGE, context=said | context)


PAGE = {"path": "/", "title": "Home", "referrer": ""}


def test_those_of_a_batch_are_asked_for_at_once_and_the_word_goes_no_further(db, settle, persons):
    nora, otto, nobody, stranger = visit("nora"), visit("otto", a="b"), visit(), visit("mallory")
    settle()
    found = stored(nora, otto, nobody, stranger)
    assert found[nora] == (persons.known["nora"], {})
    assert found[otto] == (persons.known["otto"], {"a": "b"})
    assert found[nobody][0] is None
    assert found[stranger] == (None, {})
    assert persons.asked == [{"nora", "otto", "mallory"}]


def test_while_nobody_can_say_they_wait_and_no_others(db, settle, persons):
    nora, nobody = visit("nora"), visit()
    persons.is_away = True
    with pytest.raises(CommandError):
        call_command("consume_events", once=True)
    assert set(stored(nora, nobody)) == {nobody}
    persons.is_away = False
    settle()
    assert stored(nora)[nora] == (persons.known["nora"], {})


def test_where_there_is_no_room_to_wait_they_are_nobodys(db, settle, persons, monkeypatch):
    from events.transport import reader

    monkeypatch.setattr(
        reader.StreamReader.__init__, "__kwdefaults__", {"dead_most": 9, "parked_most": 0}
    )
    persons.is_away = True
    nora = visit("nora")
    settle()
    assert stored(nora)[nora] == (None, {})


def test_a_fault_of_who_knows_loses_no_event(db, settle, persons):
    persons.known = None
    nora = visit("nora")
    settle()
    assert stored(nora)[nora] == (None, {})
