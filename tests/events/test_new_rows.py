"""New rows of several tables in one statement."""

from __future__ import annotations

from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events import new_rows
from events.models import OutboxEvent
from identity.models import Beginning, Person, User

pytestmark = pytest.mark.django_db


def somebody() -> tuple[User, EmailAddress, Person, Beginning]:
    user = User(email=f"{uuid4().hex}@example.com", name="  Nora\u200b  New ")
    address = EmailAddress(user=user, email=user.email, primary=True)
    person = Person(user=user, email=user.email, name=user.name, attributes={"plan": "%s"})
    return user, address, person, Beginning(user=user, email=user.email)


def test_rows_of_four_tables_are_one_statement_and_what_save_would_have_written():
    rows = somebody()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        new_rows.insert(*rows)
    assert len(asked) == 1
    user, address, person, _ = rows
    assert address.pk
    assert not address._state.adding
    for row in rows:
        found = type(row).objects.get(pk=row.pk)
        for field in row._meta.concrete_fields:
            assert getattr(found, field.attname) == getattr(row, field.attname), field
    assert user.name == "Nora New", "fields prepare what is written"
    assert Person.objects.get(pk=person.pk).attributes == {"plan": "%s"}

    user.name = "Nora Newer"  # only what is changed is written, as after `save`
    assert user.changed() == ["name"]
    user.save()
    assert User.objects.get(pk=user.pk).name == "Nora Newer"


def test_inside_of_together_they_wait_for_its_end_also_of_an_inner_one():
    lines = [OutboxEvent(payload=f"line {number}") for number in range(3)]
    with CaptureQueriesContext(connection) as asked, new_rows.together():
        new_rows.insert(lines[0])
        with new_rows.together():
            new_rows.insert(lines[1])
        new_rows.insert(lines[2])
        assert len(asked) == 0
    assert len(asked) == 1
    keys = [line.pk for line in lines]
    assert None not in keys
    assert keys == sorted(keys), "their order is kept"


def test_a_block_that_ends_by_an_error_writes_nothing_and_the_next_begins_anew():
    user = somebody()[0]

    def fails() -> None:
        with new_rows.together():
            new_rows.insert(user)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not User.objects.filter(pk=user.pk).exists()
    new_rows.insert(user)
    assert User.objects.filter(pk=user.pk).exists()


def test_one_row_that_the_database_refuses_takes_the_others_with_it():
    user, address, person, beginning = somebody()
    beginning.email = "Not Normal@EXAMPLE.com"
    with pytest.raises(IntegrityError), transaction.atomic():
        new_rows.insert(user, address, person, beginning)
    assert not User.objects.filter(pk=user.pk).exists()
