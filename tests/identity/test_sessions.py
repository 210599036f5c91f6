"""A new session is written once, with the answer; what it holds is there for the next request."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from identity.sessions import SessionStore

pytestmark = pytest.mark.django_db


def stored(store: SessionStore) -> dict[str, object]:
    return dict(SessionStore(store.session_key).items())


def test_a_new_session_is_one_insertion():
    store = SessionStore()
    with CaptureQueriesContext(connection) as asked:
        store["seen"] = 1
        store.cycle_key()  # as a sign-in does
        store["user"] = 2
        store.save()
    writes = [each["sql"] for each in asked if "django_session" in each["sql"]]
    assert [each.split()[0] for each in writes] == ["INSERT"]
    assert stored(store) == {"seen": 1, "user": 2}


def test_another_save_changes_the_row():
    store = SessionStore()
    store["step"] = 1
    store.save()
    store["step"] = 2
    store.save()
    assert stored(store) == {"step": 2}
    assert Session.objects.filter(session_key=store.session_key).count() == 1


def test_a_sign_in_leaves_nothing_under_the_key_of_before():
    store = SessionStore()
    store["basket"] = "full"
    store.save()
    before = store.session_key
    again = SessionStore(before)
    again.cycle_key()
    again.save()
    assert again.session_key != before
    assert stored(again) == {"basket": "full"}
    assert not Session.objects.filter(session_key=before).exists()


def test_a_session_that_was_flushed_before_it_was_written_is_nowhere():
    store = SessionStore()
    store["seen"] = 1
    store.cycle_key()
    key = store.session_key
    store.flush()
    store["new"] = 1
    store.save()
    assert store.session_key != key
    assert stored(store) == {"new": 1}
    assert Session.objects.count() == 1
