"""A letter of the tests' own, and somebody who may edit letters."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

import events
from identity.models import User
from outbound import letter_editors, letters
from outbound.edited_letters import EditedLetter
from outbound.letters import Block, Content, Draft, LetterKind, Type, Variable, kinds

PARCEL_SENT = events.EventType("Parcel Sent", properties={"weight": int, "carrier": str | None})


def kind_of(key: str, *, topic: str = "account", **more: Any) -> LetterKind:
    body = (
        Block("heading", "Hello {{ name }}"),
        Block("paragraph", "It came from {{ name }}."),
        Block("button", "Look", url="look_url"),
    )
    return LetterKind(
        key,
        "A letter",
        "Sometimes.",
        topic,
        more.pop("content", Content("Hello {{ name }}", "", body)),
        own={
            "name": Variable(Type.TEXT, "A name", "Ada", "friend"),
            "look_url": Variable(Type.URL, "Where to look", "https://example.com/look"),
            "code": Variable(Type.CODE, "A code", "ABCD-EFGH", ""),
            "lines": Variable(Type.LINES, "Lines", ("one", "two"), ""),
        },
        **more,
    )


PLAIN = kind_of("tests.plain", needs=("look_url",))
MARKETING = kind_of("tests.news", topic="news")
OF_EVENT = kind_of("tests.of_event", event=PARCEL_SENT.name)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    events.register(PARCEL_SENT)
    monkeypatch.setattr(kinds, "_registered", dict(kinds._registered))
    letters.register(PLAIN, MARKETING, OF_EVENT)


@pytest.fixture
def editor(db: None, people: SimpleNamespace) -> User:
    user: User = people.globex_member
    user.groups.add(letter_editors.make_group())
    return user


@pytest.fixture
def client(editor: User, client_for: Callable[..., Client]) -> Client:
    return client_for(editor)


@pytest.fixture
def edited(editor: User) -> EditedLetter:
    """The plain letter, published in words of its editor's."""
    return publish(editor, "Good day {{ name }}", [("paragraph", {"text": "Good day."}), LOOK])


LOOK = ("button", {"text": "Look", "url": "look_url"})
VALUES = {"name": "Ada", "look_url": "https://example.com/look"}


def publish(editor: User, subject: str, body: list[Any], *, kind: str = PLAIN.key) -> EditedLetter:
    """As an editor does it, but for the checks of the form."""
    row, _ = EditedLetter.objects.get_or_create(
        kind=kind, language="en", defaults={"subject": subject, "body": body, "live": False}
    )
    row.subject, row.body = subject, body
    row.save_revision(user=editor).publish(user=editor)
    return EditedLetter.objects.get(pk=row.pk)


def draft(kind: LetterKind = PLAIN, **more: str) -> Draft:
    return Draft(kind.key, {**VALUES, **more})
