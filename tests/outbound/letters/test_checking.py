"""What an editor publishes can be sent; what cannot is refused, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from outbound import letters
from outbound.letters import Block, Content
from tests.outbound.letters.conftest import MARKETING, OF_EVENT, PLAIN

BODY = PLAIN.content.body


def said(content: Content, kind=PLAIN) -> str:
    return " / ".join(f"{part}: {sentence}" for part, sentence in letters.problems(kind, content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (Content("", "", BODY), "subject: A letter has a subject."),
        (Content("Hello {{ nmae }}", "", BODY), "subject: There is no variable “nmae”"),
        (Content("Hello {{name", "", BODY), "subject: “Hello {{name” is no variable"),
        (Content("x", "{% now %}", BODY), "preheader: “{% now %}” is no variable"),
        (Content("{{ lines }}", "", BODY), "it has a block of its own"),
        (Content("x", "", ()), "body: A letter says something."),
        (Content("x", "", BODY[:2]), "worth nothing without “look_url” (where to look)"),
        (Content("x", "", (replace(BODY[2], only_with="name"),)), "worth nothing without “look_url”"),
        (Content("x", "", (*BODY, Block("poem"))), "Block 4: There are no blocks of the kind “poem”"),
        (Content("x", "", (*BODY, Block("paragraph"))), "Block 4: It is empty."),
        (Content("x", "", (*BODY, Block("code", variable="name"))), "cannot stand in a block of"),
        (Content("x", "", (*BODY, Block("items"))), "It names no variable."),
        (Content("x", "", (*BODY, Block("link", "Go", url="http://e.example"))), "neither an address"),
        (Content("x", "", (*BODY, Block("link", "Go", url="javascript:x"))), "neither an address"),
        (Content("x", "", (*BODY, Block("link", "Go", url="name"))), "“name” is no address"),
        (Content("x", "", (*BODY, Block("note", "x", only_with="nmae"))), "no variable “nmae”"),
        (Content("x", "", BODY * 20), "at most 40 blocks"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong(content: Content, why: str):
    assert why in said(content)


def test_a_fixed_address_and_a_waiting_block_are_fine():
    more = (
        Block("link", "Go", url="https://e.example/"),
        Block("note", "x", only_with="name"),
        Block("divider"),
    )
    assert said(Content("x", "", (*BODY, *more))) == ""


def test_a_property_that_the_event_does_not_have_is_refused():
    assert said(Content("{{ event.weight }}", "", BODY), OF_EVENT) == ""
    wrong = said(Content("{{ event.wieght }}", "", BODY), OF_EVENT)
    assert wrong == "subject: The event “Parcel Sent” has no property “wieght”."
    assert "no variable “event.weight”" in said(Content("{{ event.weight }}", "", BODY), PLAIN)


def test_an_event_that_is_gone_is_said():
    gone = replace(PLAIN, event="Parcel Lost")
    assert "“Parcel Lost”, an event that nobody records any more" in said(gone.content, gone)


def test_marketing_has_to_have_the_way_to_say_no():
    assert "the way to say no" in said(MARKETING.content, MARKETING)
    way_out = Block("link", "No more of these", url="unsubscribe_url")
    assert said(Content("x", "", (*BODY, way_out)), MARKETING) == ""
