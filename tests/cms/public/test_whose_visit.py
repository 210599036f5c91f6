"""Whose a visit is: found out when it is stored, so that a page of the website asks no database."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.models import Session

from events.store import get_store
from identity.persons import person_of
from identity.signing_in import sign_ins
from tests.away import by_another_thread, database_away
from tests.visiting import look


def last_visit(settle):
    settle()
    with get_store().connection() as connection:
        return connection.execute(
            "SELECT person, anonymous_id, context FROM event WHERE name = 'Page Viewed' "
            "ORDER BY received_at DESC, id DESC LIMIT 1"
        ).fetchone()


def test_while_the_database_is_away_it_is_as_always(client_for, people, built, settle):
    client = client_for(people.acme_owner)
    client.raise_request_exception = False
    with database_away():
        page = by_another_thread(lambda: client.get("/pricing/"))
        told = by_another_thread(lambda: look(client, "/pricing/"))
    assert (page.status_code, told.status_code) == (200, 204)
    person, _, _ = last_visit(settle)
    assert person == person_of(people.acme_owner).pk


def test_the_log_names_the_person_and_nothing_of_the_session(client_for, people, built, settle):
    client = client_for(people.acme_owner)
    look(client, "/pricing/")
    person, anonymous_id, context = last_visit(settle)
    assert person == person_of(people.acme_owner).pk
    assert anonymous_id
    assert set(context) == {"request_id"}


def test_a_visitor_is_nobody(visitor, built, settle):
    look(visitor, "/pricing/")
    person, anonymous_id, _ = last_visit(settle)
    assert person is None
    assert anonymous_id


def test_a_session_that_is_over_elsewhere_or_made_up_is_nobodys(client_for, people, built, settle):
    client = client_for(people.acme_owner)
    sign_ins.end_all(people.acme_owner)
    look(client, "/pricing/")
    assert last_visit(settle)[0] is None
    people.globex_owner.is_active = False
    people.globex_owner.save()
    client = client_for(people.globex_owner)
    look(client, "/pricing/")
    assert last_visit(settle)[0] is None
    made_up = client_for()
    made_up.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    look(made_up, "/pricing/")
    assert last_visit(settle)[0] is None
    gone = client_for(people.acme_member)
    Session.objects.all().delete()
    look(gone, "/pricing/")
    assert last_visit(settle)[0] is None
