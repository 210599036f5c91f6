"""Editors of letters, and nobody else, change what the platform writes."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core import mail
from django.urls import reverse
from wagtail.models import Locale

from outbound.edited_letters import EditedLetter
from outbound.letter_pages import editing
from outbound.models import Message
from outbound.running import Runner
from tests.outbound.letters.conftest import PLAIN, publish

LIST = "/cms/letters/"
KIND = f"/cms/letters/kinds/{PLAIN.key}/"
BEGIN = f"{KIND}drafts/en/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(db):
    Locale.objects.get_or_create(language_code="en")


def at(name: str, *args: int) -> str:
    site = settings.PUBLIC_SCHEMA_URLCONF
    return reverse(f"outbound_letters:{name}", args=args, urlconf=site)


def edit(letter: EditedLetter) -> str:
    return at("edit", letter.pk)


def form(
    letter: EditedLetter, subject: str, text: str = "Good day.", **more: str
) -> dict[str, str]:
    return {
        "subject": subject,
        "preheader": "",
        "body-count": "2",
        "body-0-type": "paragraph",
        "body-0-order": "0",
        "body-0-deleted": "",
        "body-0-id": "a",
        "body-0-value-text": text,
        "body-0-value-only_with": "",
        "body-1-type": "button",
        "body-1-order": "1",
        "body-1-deleted": "",
        "body-1-id": "b",
        "body-1-value-text": "Look",
        "body-1-value-url": "look_url",
        "body-1-value-only_with": "",
        **more,
    }


def test_strangers_and_editors_of_the_website_alone_see_none_of_it(people, client_for, edited):
    paths = [LIST, KIND, f"{KIND}first-words/light/", edit(edited)]
    posts = [BEGIN, f"/cms/letters/{edited.pk}/samples/", f"/cms/letters/{edited.pk}/first-words/"]
    from django.contrib.auth.models import Group, Permission

    group = Group.objects.create(name="Others in the administration")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    people.acme_member.groups.add(group)
    for person in (None, people.outsider, people.acme_owner, people.acme_member):
        client = client_for(person) if person else client_for()
        assert {client.get(path).status_code for path in paths} == {302}
        assert {client.post(path).status_code for path in posts} == {302}
    assert "Letters" not in client_for(people.acme_member).get("/cms/").content.decode()
    assert EditedLetter.objects.get(pk=edited.pk).live
    assert not Message.objects.exists()


def test_the_list_has_every_letter(client, edited):
    page = client.get(LIST).content.decode()
    assert "Sign-in code" in page
    assert "Payment failed" in page
    assert "Yours (en)" in page


def test_an_editor_begins_with_the_first_words_and_publishes_their_own(client):
    assert client.get(BEGIN).status_code == 405
    assert "Write your own" in client.get(KIND).content.decode()
    assert client.post(BEGIN).status_code == 302
    letter = EditedLetter.objects.get()
    assert (letter.live, letter.subject) == (False, "Hello {{ name }}")
    page = client.get(edit(letter)).content.decode()
    assert "look_url" in page
    assert "Where to look" in page
    said = client.post(edit(letter), form(letter, "Good day {{ name }}", **{"action-publish": "1"}))
    assert said.status_code == 302
    letter.refresh_from_db()
    assert (letter.live, letter.subject) == (True, "Good day {{ name }}")
    assert letter.content.body[1].url == "look_url"
    assert client.post(BEGIN).status_code == 302
    assert EditedLetter.objects.count() == 1, "once begun, it is that one"


def test_what_cannot_be_sent_can_be_a_draft_and_is_not_published(client, edited):
    wrong = form(edited, "Dear {{ nmae }}", "Worth {{ event.weight }}")
    refused = client.post(edit(edited), {**wrong, "action-publish": "1"})
    assert refused.status_code == 200
    page = refused.content.decode()
    assert "There is no variable “nmae” in this letter" in page
    assert "Block 1: There is no variable \\u201cevent.weight\\u201d" in page, (
        "for the widget's script"
    )
    assert EditedLetter.objects.get(pk=edited.pk).subject == "Good day {{ name }}"
    assert client.post(edit(edited), wrong).status_code == 302
    fresh = EditedLetter.objects.get(pk=edited.pk)
    assert fresh.get_latest_revision_as_object().subject == "Dear {{ nmae }}"
    assert fresh.subject == "Good day {{ name }}"


@pytest.mark.parametrize("mode", ["light", "dark", "text"])
def test_the_preview_shows_what_is_typed_in_each_scheme(client, edited, mode):
    path = at("preview_on_edit", edited.pk)
    said = client.post(path, form(edited, "Hi {{ name }}", "A <b>new</b> word"))
    assert said.json()["is_valid"]
    shown = client.get(path, {"mode": mode})
    page = shown.content.decode()
    is_text = mode == "text"
    assert ("A <b>new</b> word" if is_text else "A &lt;b&gt;new&lt;/b&gt; word") in page
    assert shown["Content-Type"].startswith("text/plain" if is_text else "text/html")
    assert "Hi Ada" in page
    assert "prefers-color-scheme" not in page
    assert "script-src" not in shown["Content-Security-Policy"]
    assert shown["Content-Security-Policy"].startswith("default-src 'none'")
    assert ("@media all {" in page) is (mode == "dark")


def test_a_preview_of_what_cannot_be_sent_says_why(client, edited):
    path = at("preview_on_edit", edited.pk)
    client.post(path, form(edited, "Hi {{ nmae }}"))
    assert "There is no variable “nmae”" in client.get(path, {"mode": "light"}).content.decode()


def test_the_first_words_are_shown_in_a_frame_of_this_site(client):
    shown = client.get(f"{KIND}first-words/dark/")
    assert "@media all {" in shown.content.decode()
    assert shown["X-Frame-Options"] == "SAMEORIGIN"
    assert client.get(f"{KIND}first-words/sepia/").status_code == 404
    assert client.get("/cms/letters/kinds/tests.nothing/").status_code == 404


def test_a_sample_of_the_newest_draft_goes_to_the_editor_alone(client, edited, editor):
    edited.subject = "Newer, {{ name }}"
    edited.save_revision(user=editor)
    path = f"/cms/letters/{edited.pk}/samples/"
    assert client.get(path).status_code == 405
    assert client.post(path).status_code == 302
    Runner().one_pass()
    assert [(each.to, each.subject) for each in mail.outbox] == [([editor.email], "Newer, Ada")]
    row = Message.objects.get()
    assert (row.sender_id, row.sealed) == (editor.pk, "")


def test_what_cannot_be_sent_is_no_sample(client, edited, editor):
    edited.subject = "Newer, {{ nmae }}"
    edited.save_revision(user=editor)
    said = client.post(f"/cms/letters/{edited.pk}/samples/", follow=True)
    assert "It cannot be sent yet: There is no variable “nmae”" in said.content.decode()
    assert not Message.objects.exists()


def test_back_to_the_first_words_and_the_history_stays(client, edited):
    before = edited.revisions.count()
    assert client.post(f"/cms/letters/{edited.pk}/first-words/").status_code == 302
    edited.refresh_from_db()
    assert not edited.live
    assert edited.get_latest_revision_as_object().subject == "Hello {{ name }}"
    assert edited.revisions.count() == before + 1
    history = client.get(at("history", edited.pk))
    assert history.status_code == 200


def test_who_may_edit_and_not_publish_does_neither_go_back_nor_publish(client, edited, editor):
    from django.contrib.auth.models import Group

    group = Group.objects.get(name="Letter editors")
    group.permissions.remove(group.permissions.get(codename="publish_editedletter"))
    assert client.post(f"/cms/letters/{edited.pk}/first-words/").status_code == 302
    assert EditedLetter.objects.get(pk=edited.pk).live
    assert "Back to the platform" not in client.get(KIND).content.decode()
    client.post(edit(edited), form(edited, "Mine", **{"action-publish": "1"}))
    assert EditedLetter.objects.get(pk=edited.pk).subject == "Good day {{ name }}"


def test_none_is_made_or_deleted_past_the_list(client, people, client_for, edited):
    people.outsider.is_superuser = True
    people.outsider.save()
    for name, args in (("list", []), ("add", []), ("delete", [edited.pk])):
        for one in (client, client_for(people.outsider)):
            said = one.post(at(name, *args))
            assert said.status_code == 302
    assert EditedLetter.objects.count() == 1


def test_a_language_that_the_website_does_not_have_is_none(client):
    assert client.post(f"{KIND}drafts/tlh/").status_code == 404


def test_letters_of_two_languages_stand_side_by_side(editor):
    Locale.objects.get_or_create(language_code="de")
    publish(editor, "x", [("button", {"text": "Look", "url": "look_url"})])
    german = editing.begin(PLAIN, language="de", by=editor)
    assert {row.language for row in EditedLetter.objects.all()} == {"en", "de"}
    assert str(german) == "A letter (de)"
