"""Names are data: in mails they neither break a header nor speak for us."""

from __future__ import annotations

import pytest
from django.core import mail as outbox
from django.db import IntegrityError, connection, transaction

from identity import mail, names
from identity.models import Person, User


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Ada\r\nBcc: all@example.org", "Ada Bcc: all@example.org"),
        ("Ada\x00 Lovelace\x07", "Ada Lovelace"),
        ("Ada \u202egnirts", "Ada gnirts"),
        ("  Ada \u2028  Marsh ", "Ada Marsh"),
        ("Zoë 👩‍💻", "Zoë 👩‍💻"),
    ],
)
def test_a_name_is_one_line_of_what_people_see(given, kept):
    assert names.plain(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Acme Studio", "Acme Studio"),
        ("Node.js and v2.0", "Node.js and v2.0"),
        ("Win at http://evil.example/x now", "Win at … now"),
        ("Write to help@evil.example", "Write to …"),
        ("Your bill: evil.com/pay", "Your bill: …"),
        ("evil\uff0ecom", "a workspace"),
        ("evil\u2024com", "a workspace"),
        ("\uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d", "a workspace"),
        ("evil\uff61com", "a workspace"),
        ("evil\u06d4com", "a workspace"),
        ("evil\u200d.com", "a workspace"),
        ("evil\ufe0f.com", "a workspace"),
        ("Pay at evil\u2024com/now", "Pay at …"),
        ("me\uff20evil\u2024com", "a workspace"),
        ("Wait… \uff26\uff55\uff4c\uff4c हिन्दी ½", "Wait… \uff26\uff55\uff4c\uff4c हिन्दी ½"),
        ("www.evil.example", "a workspace"),
        ("https://evil.example", "a workspace"),
        ("x" * 200, "x" * 59 + "…"),
    ],
)
def test_in_a_subject_a_name_leads_nowhere(given, kept):
    assert names.in_subject(given, otherwise="a workspace") == kept


def test_a_name_with_a_line_break_does_not_silence_a_mail(db, django_capture_on_commit_callbacks):
    values = {"letter": "Hello\nBcc: x@example", "why": "so", "letters_url": "https://example.org"}
    with django_capture_on_commit_callbacks(execute=True):
        mail.deliver("outbound.letter_unusable", values, to="ada@example.org")
    [sent] = outbox.outbox
    assert sent.subject.endswith("Hello Bcc: …"), "one line, and no address"
    assert outbox.outbox[0].bcc == []


def test_names_are_plain_however_they_are_written(acme, people):
    user = people.outsider
    user.name = "Otto\nOutsider"
    user.save()
    assert user.name == "Otto Outsider"
    User.objects.filter(pk=user.pk).update(name="Otto\tO.")
    acme.name = "Acme\r\nBcc: x"
    acme.save()
    Person.objects.bulk_create([Person(name="A\x07nn")])
    assert User.objects.get(pk=user.pk).name == "Otto O."
    assert type(acme).objects.get(pk=acme.pk).name == "Acme Bcc: x"
    assert Person.objects.filter(name="A nn").exists()


@pytest.mark.parametrize("table", ["identity_user", "identity_person", "tenants_tenant"])
def test_the_database_takes_no_other(db, table):
    statement = f"UPDATE {table} SET name = E'a\\nb'"  # noqa: S608 (our own tables)
    Person.objects.create(name="at least one")
    with pytest.raises(IntegrityError), transaction.atomic():
        _run(statement)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
