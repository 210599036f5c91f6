"""What editors wrote leaves; whatever is wrong with it, the letter leaves all the same."""

from __future__ import annotations

import json

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection

from cms.models import BuildRequest
from identity.persons import person_of
from outbound import letters, writing
from outbound.channels.mail import compose
from outbound.delivery import ledger
from outbound.delivery.ledger import About
from outbound.edited_letters import EditedLetter
from outbound.letters import Block, Content
from outbound.models import Message, State
from outbound.running import Runner
from tests.outbound.letters.conftest import LOOK, PLAIN, VALUES, draft, kind_of, publish

pytestmark = pytest.mark.django_db


def send(given=None, *, to: str = "ada@example.org", about: About | None = None):
    """The mail that left, and its row."""
    ledger.send(given or draft(), to=to, about=about)
    row = Message.objects.latest("created_at")
    Runner().one_pass()
    [sent] = [each for each in mail.outbox if each.to == [to]]
    return sent, Message.objects.get(pk=row.pk)


def test_the_first_words_leave_as_text_and_html():
    sent, row = send()
    assert sent.subject == row.subject == "Hello Ada"
    assert "Look:\nhttps://example.com/look" in sent.body
    html = sent.alternatives[0][0]
    assert "It came from Ada." in html
    assert (row.kind, row.topic, row.state) == ("tests.plain", "account", State.SENT)


def test_the_words_of_the_moment_of_sending_leave(editor):
    ledger.send(draft(), to="ada@example.org")
    publish(editor, "Good day {{ name }}", [LOOK])
    Runner().one_pass()
    assert [each.subject for each in mail.outbox] == ["Good day Ada"]
    assert Message.objects.get().subject == "Good day Ada"


def test_a_draft_does_not_leave(edited, editor):
    edited.subject = "Not yet"
    edited.save_revision(user=editor)
    assert send()[0].subject == "Good day Ada"


def test_no_row_shows_a_code_before_or_after(editor):
    coded = Content("Code {{ code }}", "", PLAIN.content.body)
    letters.register(kind_of("tests.code", content=coded, topic="codes"))
    publish(editor, "Your code {{ code }} for {{ name }}", [LOOK], kind="tests.code")
    ledger.send(letters.Draft("tests.code", {**VALUES, "code": "ABCD-EFGH"}), to="a@example.org")
    assert "ABCD" not in str(Message.objects.values())
    Runner().one_pass()
    assert mail.outbox[0].subject == "Your code ABCD-EFGH for Ada"
    row = Message.objects.get()
    assert (row.subject, row.sealed) == ("Your code … for Ada", "")


def break_it(edited: EditedLetter, *body) -> None:
    """As a later version of the code does, which has other variables or blocks."""
    raw = json.dumps([{"type": kind, "value": value, "id": "x"} for kind, value in body])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE outbound_editedletter SET body = %s WHERE id = %s", [raw, edited.pk])


@pytest.mark.parametrize(
    "body",
    [
        [("paragraph", {"text": "Dear {{ nmae }}"}), LOOK],
        [("paragraph", {"text": "Dear {{name"}), LOOK],
        [("paragraph", {"text": "It has no button any more"})],
        [("poem", {"text": "Of a kind that is gone"}), LOOK],
        [("paragraph", None), LOOK],
    ],
)
def test_words_that_cannot_be_sent_hold_nothing_up(edited, editor, body):
    break_it(edited, *body)
    sent, row = send()
    assert (sent.subject, row.state) == ("Hello Ada", State.SENT)
    Runner().one_pass()
    [told] = [each for each in mail.outbox if each.to == [editor.email]]
    assert told.subject == "A letter is sent in its first words: A letter (en)"
    assert "/cms/letters/" in told.body
    send(to="grace@example.org")
    Runner().one_pass()
    assert len([each for each in mail.outbox if each.to == [editor.email]]) == 1, "once a revision"


def test_not_even_telling_holds_it_up(edited, monkeypatch):
    from outbound import letter_editors

    def fails():
        raise ZeroDivisionError

    monkeypatch.setattr(letter_editors, "addresses", fails)
    break_it(edited, ("paragraph", {"text": "{{ nmae }}"}))
    assert send()[0].subject == "Hello Ada"


def test_a_letter_that_nobody_declares_any_more_waits(monkeypatch):
    from outbound.letters import kinds

    ledger.send(draft(), to="ada@example.org")
    kept = kinds._registered.pop(PLAIN.key)
    Runner().one_pass()
    row = Message.objects.get()
    assert (row.state, row.reason, mail.outbox) == (State.READY, "letter_failed", [])
    letters.register(kept)
    Message.objects.update(not_before=row.created_at)
    Runner().one_pass()
    assert len(mail.outbox) == 1


def test_publishing_by_code_is_checked_too(edited, editor):
    edited.subject = "{{ nmae }}"
    revision = edited.save_revision(user=editor)
    with pytest.raises(ValidationError, match="no variable “nmae”"):
        revision.publish(user=editor)
    assert send()[0].subject == "Good day Ada"


def test_the_language_is_the_letters_or_the_installations(edited, editor):
    row = EditedLetter.objects.create(
        kind=PLAIN.key, language="de", subject="Guten Tag {{ name }}", body=[LOOK], live=True
    )
    asked = letters.Draft(PLAIN.key, VALUES, language="de-AT")
    sent, _ = send(asked)
    assert sent.subject == "Guten Tag Ada"
    assert 'lang="de"' in sent.alternatives[0][0]
    assert (
        send(letters.Draft(PLAIN.key, VALUES, "fr"), to="b@example.org")[0].subject
        == "Good day Ada"
    )
    row.delete()


def test_the_language_is_the_recipients_where_it_is_known(edited, people):
    EditedLetter.objects.create(
        kind=PLAIN.key, language="de", subject="Guten Tag {{ name }}", body=[LOOK], live=True
    )
    user = people.acme_owner
    person = person_of(user)
    assert send(to="a@example.org", about=About(person=person.pk))[0].subject == "Good day Ada"
    person.locale = "de-AT"
    person.save(update_fields=["locale"])
    assert send(to="b@example.org", about=About(person=person.pk))[0].subject == "Guten Tag Ada"


def test_publishing_a_letter_builds_no_website(edited, editor):
    before = BuildRequest.objects.count()
    publish(editor, "Once more, {{ name }}", [LOOK])
    assert BuildRequest.objects.count() == before


def test_marketing_says_no_more_once_in_each_part(people):
    body = (*PLAIN.content.body, Block("link", "No more of these", url="unsubscribe_url"))
    letters.register(kind_of("tests.offer", topic="news", content=Content("Offer", "", body)))
    about = About(person=person_of(people.outsider).pk)
    ledger.send(letters.Draft("tests.offer", VALUES), to=people.outsider.email, about=about)
    row = Message.objects.get()
    composed = compose(row, writing.written(row))
    url = composed.extra_headers["List-Unsubscribe"].strip("<>")
    assert composed.body.count(url) == 1
    assert composed.alternatives[0][0].count(url) == 1
